"""What comes back under the name of something that was deleted has no details of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloudops.domain.errors import ItemDeniedError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.reading import ResourceFilter
from cloudops.domain.resource import Edge, Facts, TagSource, resource_uid
from cloudops.store import loader, reading, single
from tests.fakes.cloud import CLOUD, TOPICS, WITH_DETAILS, spec_of
from tests.integration.services.rig import Rig
from tests.integration.store.seeding import ACCOUNT, execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

PERIOD = 900
FIRST, SECOND = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
UID = resource_uid(CLOUD, "a")
BARE: dict[str, Any] = {"state": None, "tag_source": TagSource.DETAILS}
OTHER_DOCUMENT = {"document": {"Id": "a", "Size": 2}}
UNKNOWN = {"level": 1, "document": {"Id": "a"}, "state": None, "created_at": None, "tags": None}


@pytest.fixture
def rig(engine):
    """A topic of which only its details tell state, age and tags."""
    rig = Rig(engine, listings=WITH_DETAILS)
    rig.account.put(TOPICS, "a", **BARE)
    rig.account.put(TOPICS, "b")
    rig.account.tell(
        "a",
        {"Encrypted": True},
        edges=[Edge("key", "k", resource_uid(CLOUD, "k"))],
        facts=Facts(state="ready", created_at=FIRST, tags={"Team": "shop"}),
    )
    rig.plan(wish())
    rig.work()
    yield rig
    rig.close()


def wish(per_hour=1000):
    detail = {"callsPerHour": per_hour, "ttlSeconds": 86_400}
    return spec_of(ACCOUNT, sync_period=PERIOD, detail=detail)


def a_period_passes(rig):
    rig.age(PERIOD * 1.1)
    rig.work()


def is_deleted(rig):
    rig.account.remove(TOPICS, "a")
    a_period_passes(rig)
    assert rig.live() == {"b"}


def tells_nothing(rig, name="a"):
    rig.account.details[name] = ItemDeniedError(
        f"GetTopic of {name} is not allowed",
        error_class=ErrorClass.IAM_DENY,
        code="AccessDenied",
        permission="fake:GetTopic",
    )


def shown(rig):
    [row] = rows(rig.engine, "SELECT * FROM inventory WHERE canonical_id = 'a'")
    columns = ("document", "state", "created_at", "tags")
    assert row.tags_known == (row.tags is not None)
    return {"level": row.detail_level, **{name: getattr(row, name) for name in columns}}


def told(rig):
    """Operations on the details, the first one first."""
    statement = "SELECT operation FROM change WHERE uid = :uid AND facet = 'detail' ORDER BY at"
    return [row.operation for row in rows(rig.engine, statement, uid=UID)]


def listed(rig, **wanted):
    with rig.engine.connect() as connection:
        statement, parameters = reading.resource_query(ResourceFilter(**wanted), after="")
        return [row.canonical_id for row in connection.execute(statement, parameters)]


class TestAnother:
    def test_that_looks_the_same_in_its_list_has_no_details_of_the_one_before(self, rig):
        """Fails if it is only unmarked: the list's digest is the same, nothing seems due."""
        is_deleted(rig)
        rig.account.put(TOPICS, "a", **BARE)
        tells_nothing(rig)
        a_period_passes(rig)

        assert shown(rig) == UNKNOWN
        assert rig.value("SELECT count(*) FROM edge") == 0
        assert told(rig) == ["created", "dropped"]

    def test_is_asked_about_in_the_pass_that_shows_it(self, rig):
        is_deleted(rig)
        rig.account.put(TOPICS, "a", **BARE)
        rig.account.tell("a", {"Encrypted": False}, facts=Facts(created_at=SECOND))
        a_period_passes(rig)

        assert shown(rig)["document"] == {"Id": "a", "Encrypted": False}
        assert shown(rig)["created_at"] == SECOND
        assert shown(rig)["tags"] is None

    def test_that_looks_different_has_none_either(self, rig):
        is_deleted(rig)
        rig.account.put(TOPICS, "a", **BARE, **OTHER_DOCUMENT)
        tells_nothing(rig)
        a_period_passes(rig)

        assert shown(rig) == {**UNKNOWN, **OTHER_DOCUMENT}

    def test_that_nobody_understands_has_none_until_it_is_readable(self, rig):
        """Fails if its old digest stays: what its list tells would not be read any more."""
        execute(rig.engine, "UPDATE resource SET name = 'kept' WHERE uid = :uid", uid=UID)
        is_deleted(rig)
        rig.account.damage(TOPICS, "a")
        tells_nothing(rig)
        a_period_passes(rig)
        assert shown(rig) == UNKNOWN

        rig.account.put(TOPICS, "a", **{**BARE, "state": "running"})
        a_period_passes(rig)
        assert shown(rig) == {**UNKNOWN, "state": "running"}

    def test_that_was_made_anew_between_two_lists_has_none(self, rig):
        rig.account.put(TOPICS, "a", **BARE, created_at=SECOND)
        tells_nothing(rig)
        a_period_passes(rig)

        assert shown(rig) == {**UNKNOWN, "created_at": SECOND}
        assert told(rig) == ["created", "dropped"]

    @pytest.mark.parametrize("small", [2_000, -1], ids=["memory", "stage"])
    def test_what_its_own_list_tells_is_known(self, rig, monkeypatch, small):
        """Fails if what looks the same is not written anew."""
        # The way of a long list, without a long list.
        monkeypatch.setattr(loader, "SMALL_SCOPE", small)
        facts = {"tags": {"Team": "sre"}, "created_at": SECOND}
        rig.account.put(TOPICS, "b", **facts)
        a_period_passes(rig)
        rig.account.remove(TOPICS, "b")
        a_period_passes(rig)
        rig.account.put(TOPICS, "b", **facts)
        tells_nothing(rig, "b")
        a_period_passes(rig)

        [row] = rows(rig.engine, "SELECT * FROM inventory WHERE canonical_id = 'b'")
        assert (row.state, row.created_at, row.tags) == ("running", SECOND, {"Team": "sre"})
        assert row.detail_level == 1


def test_what_was_only_missing_keeps_its_details(rig):
    """Marked, not deleted: it is the same."""
    before = shown(rig)
    execute(
        rig.engine,
        "UPDATE facet SET missing_since = now() WHERE uid = :uid AND facet = 'listed'",
        uid=UID,
    )
    tells_nothing(rig)
    a_period_passes(rig)

    assert shown(rig) == before
    assert rig.value("SELECT count(*) FROM facet WHERE missing_since IS NOT NULL") == 0
    assert told(rig) == ["created"]


def test_what_was_deleted_is_read_with_all_that_was_known(rig):
    is_deleted(rig)

    with rig.engine.connect() as connection:
        found = single.detail(connection, UID)

    assert found is not None
    assert found.facets["detail"].document == {"Encrypted": True}
    assert (found.state, found.tags) == ("ready", {"Team": "shop"})


class TestChangedSince:
    HOUR = timedelta(hours=1)

    @pytest.fixture
    def rested(self, rig):
        execute(rig.engine, "UPDATE resource SET changed_at = now() - interval '1 day'")
        return rig

    def test_a_change_of_details_counts(self, rested):
        """Fails if only facts do: a bucket that became public would not be named."""
        rested.account.tell("b", {"Public": True})
        a_period_passes(rested)

        assert listed(rested, changed_since=self.now() - self.HOUR) == ["b"]

    def test_details_that_are_the_same_do_not(self, rested):
        a_period_passes(rested)

        assert listed(rested, changed_since=self.now() - self.HOUR) == []

    def test_details_whose_document_is_the_same_do_not(self, rested):
        """Their digest covers more, such as how their edges are found."""
        execute(rested.engine, "UPDATE facet SET digest = '\\x00' WHERE facet = 'detail'")
        a_period_passes(rested)

        assert listed(rested, changed_since=self.now() - self.HOUR) == []

    def now(self):
        return datetime.now(UTC)


class TestDetailsThatAreSwitchedOff:
    @pytest.fixture
    def off(self, rig):
        rig.plan(wish(per_hour=0), generation=2)
        rig.work()
        return rig

    def test_their_tags_are_unknown(self, off):
        """Fails if the view shows what is stored: last month's, without an age."""
        assert (shown(off)["level"], shown(off)["tags"]) == (1, None)

        with off.engine.connect() as connection:
            found = single.detail(connection, UID)
        assert found is not None
        assert found.tags is None

    @pytest.mark.parametrize("include_deleted", [False, True])
    def test_nothing_is_found_by_them(self, off, include_deleted):
        assert listed(off, tags={"Team": "shop"}, include_deleted=include_deleted) == []

    def test_they_are_known_again_once_details_are(self, off):
        off.plan(wish(), generation=3)
        off.work()

        assert shown(off)["tags"] == {"Team": "shop"}
        assert listed(off, tags={"Team": "shop"}) == ["a"]
