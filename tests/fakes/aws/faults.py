"""What can go wrong, where, and how often.

A `Fault` says what happens, a rule where: `service`, `operation`, `account` and `region` are
globs; IAM's region is always `global`. Rules are tried in the order in which they were
injected; delays and damaged pages add up, the first rule that answers with an error ends it.
"""

import itertools
import random
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.fakes.aws.calls import Call
from tests.fakes.aws.problems import denial, problem
from tests.fakes.aws.protocols import TAGGING, ApiError

_ANSWERS = frozenset({"throttle", "deny", "opt_in", "expired", "server_error", "error"})
_HANGUPS = frozenset({"reset", "hang"})
MALFORMATIONS = frozenset(
    ("missing-id", "empty-id", "wrong-type", "tag-without-value", "nul", "surrogate", "unicode")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Made by the static methods; plain data, so that it can travel to another process."""

    kind: str
    seconds: float = 0.0
    code: str = ""
    message: str = ""
    status: int = 0
    retry_after: int | None = None
    variant: str = ""
    count: int = 1
    offset: int = 0

    @staticmethod
    def latency(seconds: float) -> "Fault":
        return Fault(kind="latency", seconds=seconds)

    @staticmethod
    def hang(seconds: float = 3600.0) -> "Fault":
        """No byte for `seconds` (or until the fake stops), then the connection closes."""
        return Fault(kind="hang", seconds=seconds)

    @staticmethod
    def throttle(retry_after: int | None = None, code: str = "") -> "Fault":
        return Fault(kind="throttle", retry_after=retry_after, code=code)

    @staticmethod
    def deny(variant: str = "identity") -> "Fault":
        """`identity` (nothing allows it), `explicit`, `scp`, or `boundary`."""
        return Fault(kind="deny", variant=variant)

    @staticmethod
    def opt_in(variant: str = "subscription") -> "Fault":
        """`subscription` (OptInRequired) or `auth` (what a region not opted in answers)."""
        return Fault(kind="opt_in", variant=variant)

    @staticmethod
    def expired() -> "Fault":
        return Fault(kind="expired")

    @staticmethod
    def server_error(status: int = 500) -> "Fault":
        return Fault(kind="server_error", status=status)

    @staticmethod
    def error(code: str, message: str = "", status: int = 400) -> "Fault":
        """Any other error, in the envelope of the service's protocol."""
        return Fault(kind="error", code=code, message=message, status=status)

    @staticmethod
    def reset() -> "Fault":
        return Fault(kind="reset")

    @staticmethod
    def broken_page() -> "Fault":
        """A complete HTTP answer whose XML or JSON ends in the middle."""
        return Fault(kind="broken_page")

    @staticmethod
    def cut_page() -> "Fault":
        """The connection closes in the middle of the body."""
        return Fault(kind="cut_page")

    @staticmethod
    def empty_body() -> "Fault":
        """A success without a single byte of content."""
        return Fault(kind="empty_body")

    @staticmethod
    def foreign_page() -> "Fault":
        """A well-formed HTML page with status 200, as proxies like to answer."""
        return Fault(kind="foreign_page")

    @staticmethod
    def nested_page() -> "Fault":
        """JSON that is nested deeper than any parser goes, as no service answers."""
        return Fault(kind="nested_page")

    @staticmethod
    def malformed(how: str = "missing-id", *, item: int = 0, count: int = 1) -> "Fault":
        """`count` items from the page's `item`-th on are damaged; see `MALFORMATIONS`."""
        if how not in MALFORMATIONS:
            raise ValueError(f"{how!r} is none of {sorted(MALFORMATIONS)}")
        return Fault(kind="malformed", variant=how, offset=item, count=count)

    @staticmethod
    def repeat_token() -> "Fault":
        """The page hands out the token that asked for it (the first page: one for itself)."""
        return Fault(kind="repeat_token")

    @staticmethod
    def duplicates(count: int = 1) -> "Fault":
        """The page's first `count` items stand in it twice."""
        return Fault(kind="duplicates", count=count)

    @staticmethod
    def overlap() -> "Fault":
        """The page begins with the item that ended the page before it."""
        return Fault(kind="overlap")

    @staticmethod
    def hide(count: int = 1) -> "Fault":
        """The page lacks its first `count` items, as eventually consistent listings may."""
        return Fault(kind="hide", count=count)

    @staticmethod
    def empty_page() -> "Fault":
        """No items, but a token that leads on to where this page would have begun."""
        return Fault(kind="empty_page")


@dataclass(slots=True, kw_only=True)
class Rule:
    """Where and how often a fault strikes; `hits` counts.

    Attributes:
        times: How often at most; None = always.
        skip: Matching calls that pass before the first strike.
        page: Only this page of a listing, the first is 0.
    """

    id: int
    fault: Fault
    service: str
    operation: str
    account: str
    region: str
    times: int | None
    skip: int
    probability: float
    page: int | None
    dice: random.Random
    hits: int = 0

    def matches(self, call: Call) -> bool:
        return (
            (self.times is None or self.hits < self.times)
            and (self.page is None or self.page == call.page)
            and fnmatchcase(call.service, self.service)
            and fnmatchcase(call.operation, self.operation)
            and fnmatchcase(call.account, self.account)
            and fnmatchcase(call.region, self.region)
        )

    def strikes(self) -> bool:
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1.0 and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True


class RuleBook:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[int, Rule] = {}
        self._numbers = itertools.count(1)

    def inject(
        self,
        fault: Fault,
        *,
        service: str = "*",
        operation: str = "*",
        account: str = "*",
        region: str = "*",
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        seed: int = 0,
        page: int | None = None,
    ) -> int:
        """The rule's number."""
        with self._lock:
            rule = Rule(
                id=next(self._numbers),
                fault=fault,
                service=TAGGING if service == "tagging" else service,
                operation=operation,
                account=account,
                region=region,
                times=times,
                skip=skip,
                probability=probability,
                page=page,
                dice=random.Random(seed),  # noqa: S311  faults must be repeatable, not secret
            )
            self._rules[rule.id] = rule
            return rule.id

    def clear(self, rule: int | None = None) -> None:
        with self._lock:
            if rule is None:
                self._rules.clear()
            else:
                self._rules.pop(rule, None)

    def hits(self, rule: int) -> int:
        with self._lock:
            return self._rules[rule].hits

    def strike(self, call: Call) -> list[Fault]:
        """The faults of this call, counted as hits."""
        struck: list[Fault] = []
        with self._lock:
            for rule in self._rules.values():
                if rule.matches(call) and rule.strikes():
                    struck.append(rule.fault)
                    if rule.fault.kind in _ANSWERS or rule.fault.kind in _HANGUPS:
                        break
        return struck


def error_of(fault: Fault, call: Call) -> ApiError | None:
    """The error that the fault answers with; None where it does something else."""
    if fault.kind not in _ANSWERS:
        return None
    if fault.kind == "deny":
        return denial(call, fault.variant, resource=call.resource)
    if fault.kind == "error":
        return ApiError(fault.code, fault.message or fault.code, fault.status)
    kind = "unknown_key" if (fault.kind, fault.variant) == ("opt_in", "auth") else fault.kind
    error = problem(kind, call.service)
    error.code = fault.code or error.code
    error.status = fault.status or error.status
    error.retry_after = fault.retry_after
    return error
