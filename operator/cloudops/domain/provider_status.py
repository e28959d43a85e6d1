"""What a CloudProvider's status says, judged from the ledger; unread is never True."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cloudops.domain.conditions import ConditionType, ConditionValue, Truth
from cloudops.domain.reasons import (
    CLAIMED,
    DEPENDENCY_REASONS,
    NO_ACCOUNT,
    NO_DOORS,
    NOT_ALLOWED_REASONS,
    NOTHING_SELECTED,
)
from cloudops.domain.snapshot import Entry, EntryState, Problem, ProviderSnapshot
from cloudops.domain.wording import first_reason, held_deletions, unsynced_counts


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a spec is not acted upon until somebody edits it."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class SpecFacts:
    """What the judgement needs to know of the object itself."""

    generation: int
    suspended: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class PreviousStatus:
    """What the object says now; conditions by type."""

    observed_generation: int = -1
    conditions: Mapping[str, ConditionValue] = field(default_factory=dict)

    def is_ready_for(self, generation: int) -> bool:
        ready = self.conditions.get(ConditionType.READY)
        return self.observed_generation == generation and ready is not None and ready.is_true


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the object shall say.

    Attributes:
        conditions: All that shall be present, Ready first.
        observed_generation: Moves to the spec's generation only when Ready or Stalled.
        stalls_at: When rejected credentials will turn into Stalled, if nothing else happens.
    """

    conditions: tuple[ConditionValue, ...]
    observed_generation: int
    stalls_at: datetime | None = None

    def condition(self, kind: str) -> ConditionValue | None:
        return next((value for value in self.conditions if value.type == kind), None)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Ready, and whether the object is on its way or stuck."""

    ready: Truth
    reason: str
    message: str
    reconciling: str = ""  # reason
    stalled: bool = False
    stalls_at: datetime | None = None


def judge(
    facts: SpecFacts,
    snapshot: ProviderSnapshot | None,
    previous: PreviousStatus,
    *,
    now: datetime,
    grace: timedelta,
) -> Judgement:
    """Judge one provider. Pure: no clock, no database, no cluster.

    Args:
        facts: The object's spec, as far as it matters here.
        snapshot: What the ledger knows; None = it does not know the provider yet.
        previous: What the object says now.
        now: The moment of the judgement.
        grace: How long rejected credentials are "on their way" before they are stuck.
    """
    if facts.suspended:
        return _suspended(facts, snapshot, previous)
    facts = replace(facts, refusal=facts.refusal or _refused_by_worker(snapshot))
    verdict = _verdict(facts, snapshot, previous, now=now, grace=grace)
    settled = verdict.ready is Truth.TRUE or verdict.stalled
    values = [
        ConditionValue(ConditionType.READY, verdict.ready, verdict.reason, verdict.message),
        *_progress(verdict),
        _credentials_valid(facts, snapshot),
        _inventory_synced(facts, snapshot),
        *_deletion_held(snapshot),
    ]
    return Judgement(
        conditions=tuple(value.within_bounds() for value in values),
        observed_generation=facts.generation if settled else previous.observed_generation,
        stalls_at=verdict.stalls_at,
    )


def _refused_by_worker(snapshot: ProviderSnapshot | None) -> Refusal | None:
    """A worker whose settings allow less than the controller's says the same as that would."""
    if snapshot is None or snapshot.entry.reason not in NOT_ALLOWED_REASONS:
        return None
    entry = snapshot.entry
    of_this_spec = entry.since is not None and entry.since >= snapshot.spec_changed_at
    return Refusal(entry.reason, entry.message) if of_this_spec else None


def _suspended(
    facts: SpecFacts, snapshot: ProviderSnapshot | None, previous: PreviousStatus
) -> Judgement:
    """Nothing is read, so nothing is judged: what was known stays, with its age."""
    as_of = snapshot.oldest_complete if snapshot else None
    told = f"data as of {as_of:%Y-%m-%dT%H:%M:%SZ}" if as_of else "nothing was read yet"
    ready = ConditionValue(ConditionType.READY, Truth.TRUE, "Suspended", f"Suspended; {told}.")
    summary = (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)
    kept = [value for kind, value in previous.conditions.items() if kind not in summary]
    return Judgement((ready, *kept), facts.generation)


def _verdict(
    facts: SpecFacts,
    snapshot: ProviderSnapshot | None,
    previous: PreviousStatus,
    *,
    now: datetime,
    grace: timedelta,
) -> _Verdict:
    if facts.refusal:
        return _Verdict(Truth.FALSE, facts.refusal.reason, facts.refusal.message, stalled=True)
    if snapshot is None:
        return _progressing("Waiting for a worker to discover the accounts.")
    if snapshot.entry.state in (EntryState.DEPENDENCY_MISSING, EntryState.UNREACHABLE):
        return _waiting(snapshot.entry.message, _shut(snapshot.entry))
    if snapshot.entry.state is EntryState.REJECTED:
        return _rejected(snapshot.entry.message, snapshot, now=now, grace=grace)
    first_pass = not previous.is_ready_for(facts.generation) and _first_pass_runs(facts, snapshot)
    if first_pass or snapshot.accounts.unknown:
        return _in_first_pass(facts, snapshot)
    return _after_first_pass(snapshot, now=now, grace=grace)


def _first_pass_runs(facts: SpecFacts, snapshot: ProviderSnapshot) -> bool:
    """Accounts that appear later do not make a provider unready again; a new spec does."""
    return (
        snapshot.discovered_generation < facts.generation
        or snapshot.entry.state is EntryState.UNTRIED
        or snapshot.accounts.tried < snapshot.accounts.total
    )


def _in_first_pass(facts: SpecFacts, snapshot: ProviderSnapshot) -> _Verdict:
    discovered = snapshot.discovered_generation >= facts.generation
    step = "The first pass is running" if discovered else "The accounts are being discovered"
    accounts = snapshot.accounts
    tried = f": accounts tried {accounts.tried}/{accounts.total}" if accounts.total else ""
    return _progressing(f"{step}{tried}.")


def _after_first_pass(snapshot: ProviderSnapshot, *, now: datetime, grace: timedelta) -> _Verdict:
    accounts = snapshot.accounts
    if not accounts.total:
        return _no_account(snapshot)
    if not accounts.reachable:
        missing = [p.message for p in snapshot.problems if p.reason in DEPENDENCY_REASONS]
        if missing:
            return _waiting(missing[0], "DependencyNotReady")
        first = next((problem.message for problem in _doors(snapshot)), "see status.problems")
        message = f"None of {accounts.total} accounts is readable: {first}"
        return _rejected(message, snapshot, now=now, grace=grace)
    message = f"{accounts.reachable} of {accounts.total} accounts are readable."
    return _Verdict(Truth.TRUE, "Succeeded", message)


def _no_account(snapshot: ProviderSnapshot) -> _Verdict:
    reason, message = NO_ACCOUNT
    claimed = [problem.message for problem in snapshot.problems if problem.reason == CLAIMED]
    if claimed:
        reason, message = CLAIMED, f"No account is left to read: {claimed[0]}"
    return _Verdict(Truth.FALSE, reason, message, stalled=True)


def _waiting(message: str, reason: str) -> _Verdict:
    """For what may come any moment, such as a Secret or the network: never stuck."""
    return _Verdict(Truth.FALSE, reason, message, reconciling="ProgressingWithRetry")


def _progressing(message: str) -> _Verdict:
    return _Verdict(Truth.UNKNOWN, "Progressing", message, reconciling="Progressing")


def _rejected(
    message: str, snapshot: ProviderSnapshot, *, now: datetime, grace: timedelta
) -> _Verdict:
    """A role that was just created, or a key that was just rotated, takes its time."""
    shut = [problem.since for problem in _doors(snapshot)]
    since = snapshot.entry.since if snapshot.entry.state is EntryState.REJECTED else None
    stalls_at = max([snapshot.changed_at, *([since] if since else shut)]) + grace
    if now < stalls_at:
        return _Verdict(
            Truth.FALSE,
            "CredentialsRejected",
            message,
            reconciling="ProgressingWithRetry",
            stalls_at=stalls_at,
        )
    return _Verdict(Truth.FALSE, "CredentialsRejected", message, stalled=True)


def _doors(snapshot: ProviderSnapshot) -> list[Problem]:
    """Why accounts of this provider can't be entered."""
    problems = snapshot.problems
    return [one for one in problems if not one.listing and one.reason not in NO_DOORS]


def _progress(verdict: _Verdict) -> list[ConditionValue]:
    """Present only while True, and never both."""
    kind, reason = ConditionType.RECONCILING, verdict.reconciling
    if verdict.stalled:
        kind, reason = ConditionType.STALLED, verdict.reason
    return [ConditionValue(kind, Truth.TRUE, reason, verdict.message)] if reason else []


def _credentials_valid(facts: SpecFacts, snapshot: ProviderSnapshot | None) -> ConditionValue:
    kind = ConditionType.CREDENTIALS_VALID
    if facts.refusal:
        message = "They are not used while the spec is refused."
        return ConditionValue(kind, Truth.UNKNOWN, facts.refusal.reason, message)
    if snapshot is None or snapshot.entry.state is EntryState.UNTRIED:
        message = "The credentials were not tried yet."
        return ConditionValue(kind, Truth.UNKNOWN, "CredentialsUntried", message)
    entry = snapshot.entry
    if entry.state is EntryState.ACCEPTED:
        who = snapshot.identity.principal if snapshot.identity else "an unnamed principal"
        message = f"The cloud knows them as {who}."
        return ConditionValue(kind, Truth.TRUE, "CredentialsAccepted", message)
    truth = Truth.UNKNOWN if entry.state is EntryState.UNREACHABLE else Truth.FALSE
    return ConditionValue(kind, truth, entry.reason or _shut(entry), entry.message)


def _inventory_synced(facts: SpecFacts, snapshot: ProviderSnapshot | None) -> ConditionValue:
    kind = ConditionType.INVENTORY_SYNCED
    if snapshot and snapshot.unsynced:
        return ConditionValue(kind, Truth.FALSE, first_reason(snapshot), unsynced_counts(snapshot))
    if snapshot is None or not snapshot.scopes.total:
        return _nothing_planned(facts, snapshot)
    total = snapshot.scopes.total
    if snapshot.scopes.planned:
        message = f"{total - snapshot.scopes.planned} of {total} scopes were tried."
        return ConditionValue(kind, Truth.UNKNOWN, "Progressing", message)
    message = f"Each of {total} scopes is complete, unsupported or excused."
    return ConditionValue(kind, Truth.TRUE, "Succeeded", message)


def _nothing_planned(facts: SpecFacts, snapshot: ProviderSnapshot | None) -> ConditionValue:
    """No scope is no inventory; never an empty one."""
    kind, message = ConditionType.INVENTORY_SYNCED, "Nothing was read yet."
    if facts.refusal:
        return ConditionValue(kind, Truth.FALSE, facts.refusal.reason, message)
    if snapshot and snapshot.entry.state not in (EntryState.UNTRIED, EntryState.ACCEPTED):
        return ConditionValue(kind, Truth.FALSE, _shut(snapshot.entry), message)
    if snapshot is None or _first_pass_runs(facts, snapshot):
        return ConditionValue(kind, Truth.UNKNOWN, "Progressing", message)
    if not snapshot.accounts.total:
        return ConditionValue(kind, Truth.FALSE, _no_account(snapshot).reason, message)
    return ConditionValue(kind, Truth.FALSE, *NOTHING_SELECTED)


def _shut(entry: Entry) -> str:
    """One word for a way in that is shut."""
    words = {
        EntryState.DEPENDENCY_MISSING: "DependencyNotReady",
        EntryState.REJECTED: "CredentialsRejected",
    }
    return words.get(entry.state, entry.reason)


def _deletion_held(snapshot: ProviderSnapshot | None) -> list[ConditionValue]:
    if snapshot is None or not snapshot.held:
        return []
    message = held_deletions(snapshot)
    return [ConditionValue(ConditionType.DELETION_HELD, Truth.TRUE, "DeletionBrake", message)]
