"""The leader is killed in the middle of its writes while a warm standby watches 10,000 objects."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from cloudops.controller.kube import Key
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.kubernetes import (
    Replica,
    Request,
    Site,
    status_writes,
    stopped_at_the_end,
)
from tests.cluster.reporting import say
from tests.fixtures.waiting import eventually

PROVIDERS = 10_000
CHANGED_EVERY = 10
# The leader ends when it has answered this share of the changes.
ANSWERED = 0.2
LONGEST_SECONDS = 900
REPLICAS = ("one", "two", "three")

FIGURES = (
    Figure(
        "Time from SIGKILL of the leader to the other's first write",
        "s",
        "Two replicas with the shipped settings watch 10,000 CloudProviders; 1,000 of these are "
        "changed, and the leader is killed when it has answered some of them; the time ends with "
        "the standby's first accepted status in the audit log.",
        "The Lease runs out 15 s after its last renewal, and a standby looks every 2 s.",
        aim=Aim("value", at_most=20),
    ),
    Figure(
        "Time until all 1,000 changes are answered",
        "s",
        "Likewise, until every changed object's status is that of its new generation.",
        "The new leader judges all 10,000 objects once, in the order of its list.",
    ),
    Figure(
        "Stale writes accepted after that",
        "",
        "Writes of the killed leader after the other's first, told apart by the token in the audit"
        " log and by the database role in a trigger on the plan.",
        "A killed process writes nothing more, so only requests on their way could count.",
        aim=Aim("value", at_least=0, at_most=0),
    ),
    Figure(
        "Stale writes accepted of a leader that was paused",
        "",
        "The same once more, with the leader stopped by SIGSTOP and continued after the other's "
        "first write, in the middle of its own.",
        "The epoch, the resourceVersion and the Lease's deadline each keep them out.",
        aim=Aim("value", at_least=0, at_most=0),
    ),
)

# Who wrote into the plan, and when: each replica has a database role of its own.
_WITNESS = """
CREATE TABLE witness (at timestamptz, who text);
CREATE FUNCTION testify() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO public.witness VALUES (clock_timestamp(), session_user); RETURN NULL; END $$;
"""
_TRIGGER = """
CREATE TRIGGER witness AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION testify()
"""
_TABLES = ("provider", "lease", "leader")


@dataclass(frozen=True, slots=True)
class Takeover:
    """Seconds from the leader's end, and what it still got through after the other's first."""

    first_seconds: float
    all_seconds: float
    stale: int


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with Site.running(int(PROVIDERS * scale)) as site:
        _call_witnesses(site)
        one, two, three = (site.replica(name) for name in REPLICAS)
        with stopped_at_the_end(one.process, two.process, three.process):
            one.process.start()
            _wait_written(site)
            two.process.start()
            two.process.wait_ready(timeout=LONGEST_SECONDS)
            killed = _Round(site, one, number=1).play(one.process.kill)
            three.process.start()
            three.process.wait_ready(timeout=LONGEST_SECONDS)
            paused = _Round(site, two, number=2).play(two.process.pause, two.process.resume)
        version = site.server.version()
    numbers = (killed.first_seconds, killed.all_seconds, killed.stale, paused.stale)
    return [
        Measured(figure, value, postgres=version)
        for figure, value in zip(FIGURES, numbers, strict=True)
    ]


class _Round:
    """One leader's end, in the middle of its answers to changes."""

    def __init__(self, site: Site, leader: Replica, *, number: int) -> None:
        self._site = site
        self._leader = leader
        self._number = number
        keys = site.estate.keys
        self._changed = random.Random(number).sample(keys, len(keys) // CHANGED_EVERY)  # noqa: S311  no secret
        self._requests: list[Request] = []

    def play(self, end: Callable[[], None], wake: Callable[[], None] | None = None) -> Takeover:
        """`end` stops the leader; `wake` is called after the other's first write."""
        self._site.audit.skip()
        change = threading.Thread(
            target=self._site.estate.change, args=(self._changed, 900 + self._number)
        )
        change.start()
        wanted = max(1, int(len(self._changed) * ANSWERED))
        eventually(
            lambda: len(status_writes(self._look())) >= wanted,
            timeout=LONGEST_SECONDS,
            every=0.05,
            what="the leader to be in the middle of its answers",
        )
        end()
        ended = datetime.now(UTC)
        eventually(lambda: self._of_another(ended), timeout=120, what="another leader's write")
        first = self._of_another(ended)[0]
        if wake is not None:
            wake()
        change.join()
        eventually(self._all_answered, timeout=LONGEST_SECONDS, every=1, what="every answer")
        eventually(lambda: self._leader.process.exit_code is not None, what="the old leader's end")
        last = max(write.at for write in status_writes(self._look()))
        seconds = (first.at - ended).total_seconds()
        say(f"  the other wrote after {seconds:.1f} s")
        return Takeover(seconds, (last - ended).total_seconds(), self._stale(first.at))

    def _look(self) -> list[Request]:
        self._requests += self._site.audit.news()
        return self._requests

    def _of_another(self, since: datetime) -> list[Request]:
        writes = status_writes(self._look())
        return [write for write in writes if not self._is_leaders(write) and write.at > since]

    def _is_leaders(self, request: Request) -> bool:
        return request.credential == self._leader.credential

    def _all_answered(self) -> bool:
        """By the audit log first: to read 10,000 objects takes time from those who answer."""
        answered: set[Key] = {write.key for write in status_writes(self._look())}
        if not answered.issuperset(self._changed):
            return False
        return all(
            document["status"]["observedGeneration"] == document["metadata"]["generation"]
            for document in self._site.estate.read()
        )

    def _stale(self, since: datetime) -> int:
        """What the old leader got through after `since`, to the API server and to the plan."""
        own = [write.at for write in status_writes(self._look()) if self._is_leaders(write)]
        with psycopg.connect(self._site.server.admin_url("cloudops")) as connection:
            rows = connection.execute(
                "SELECT at FROM witness WHERE who = %s", (self._leader.role,)
            ).fetchall()
        if not own or not rows:
            raise AssertionError("the leader's writes are not recognised: none was seen at all")
        return len([at for at in own if at > since]) + len([at for (at,) in rows if at > since])


def _call_witnesses(site: Site) -> None:
    with psycopg.connect(site.server.admin_url("cloudops")) as connection:
        connection.execute(_WITNESS)
        for table in _TABLES:
            connection.execute(_TRIGGER.format(table=table).encode())


def _wait_written(site: Site) -> None:
    written: set[Key] = set()

    def all_written() -> bool:
        written.update(write.key for write in status_writes(site.audit.news()))
        return len(written) == len(site.estate.keys)

    eventually(all_written, timeout=LONGEST_SECONDS, every=1, what="every status")
