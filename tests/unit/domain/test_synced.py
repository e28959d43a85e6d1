"""Which scopes count against InventorySynced: every row of the table of error classes."""

from dataclasses import replace

import pytest

from cloudops.domain.ledger import CONSEQUENCES, ErrorClass
from cloudops.domain.reasons import CREDENTIAL_REASONS, DEPENDENCY_REASONS
from cloudops.domain.synced import ScopeGroup, unsynced_reasons
from cloudops.domain.wording import UNSYNCED_ORDER

pytestmark = pytest.mark.unit

GROUP = ScopeGroup(
    status="complete",
    error_class="",
    error_code="",
    late=False,
    has_rows=False,
    reachable=True,
    scopes=3,
    oldest_complete=None,
)


def failed(error_class, **facts):
    status = CONSEQUENCES[error_class].status.value
    return replace(GROUP, status=status, error_class=error_class.value, **facts)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        pytest.param(GROUP, {}, id="complete"),
        pytest.param(replace(GROUP, late=True), {"Overdue": 3}, id="complete-late"),
        pytest.param(replace(GROUP, status="planned"), {}, id="planned"),
        pytest.param(
            replace(GROUP, status="planned", late=True), {"Overdue": 3}, id="planned-late"
        ),
        pytest.param(failed(ErrorClass.IAM_DENY), {"AccessDenied": 3}, id="denied"),
        pytest.param(failed(ErrorClass.CREDENTIALS), {"AccessDenied": 3}, id="credentials-end"),
        pytest.param(failed(ErrorClass.SCP_DENY), {}, id="scp-without-rows"),
        pytest.param(failed(ErrorClass.SCP_DENY, late=True), {}, id="scp-without-rows-late"),
        pytest.param(
            failed(ErrorClass.SCP_DENY, has_rows=True), {"AccessDenied": 3}, id="scp-over-rows"
        ),
        pytest.param(
            failed(ErrorClass.SCP_DENY, error_code="RoleNotAssumable"),
            {"CredentialsRejected": 3},
            id="scp-before-an-account",
        ),
        pytest.param(failed(ErrorClass.OPT_IN, late=True), {}, id="opt-in"),
        pytest.param(failed(ErrorClass.UNSUPPORTED, late=True), {}, id="unsupported"),
        pytest.param(failed(ErrorClass.THROTTLED), {}, id="throttled"),
        pytest.param(
            failed(ErrorClass.THROTTLED, late=True), {"Throttled": 3}, id="throttled-late"
        ),
        pytest.param(failed(ErrorClass.TRANSIENT), {}, id="failed"),
        pytest.param(failed(ErrorClass.TRANSIENT, late=True), {"Failed": 3}, id="failed-late"),
        pytest.param(failed(ErrorClass.INCOMPLETE), {"PartialListing": 3}, id="partial"),
        pytest.param(failed(ErrorClass.MALFORMED_ITEM), {"PartialListing": 3}, id="malformed"),
        *(
            pytest.param(
                failed(ErrorClass.IAM_DENY, error_code=code), {"CredentialsRejected": 3}, id=code
            )
            for code in sorted(CREDENTIAL_REASONS)
        ),
        *(
            pytest.param(
                failed(ErrorClass.IAM_DENY, error_code=code), {"DependencyNotReady": 3}, id=code
            )
            for code in sorted(DEPENDENCY_REASONS)
        ),
        pytest.param(
            failed(ErrorClass.TRANSIENT, error_code="SecretUnavailable"), {}, id="secret-unread"
        ),
        pytest.param(
            failed(ErrorClass.TRANSIENT, error_code="SecretUnavailable", late=True),
            {"DependencyNotReady": 3},
            id="secret-unread-late",
        ),
    ],
)
def test_what_counts_and_under_which_word(group, expected):
    assert unsynced_reasons([group]) == expected


@pytest.mark.parametrize("error_class", CONSEQUENCES)
@pytest.mark.parametrize("code", ["", *sorted(DEPENDENCY_REASONS | CREDENTIAL_REASONS)])
def test_every_word_has_its_place_in_the_order_of_gravity(error_class, code):
    groups = [failed(error_class, error_code=code, late=late, has_rows=True) for late in (0, 1)]

    assert unsynced_reasons(groups).keys() <= set(UNSYNCED_ORDER)


def test_groups_of_one_reason_add_up():
    groups = [failed(ErrorClass.IAM_DENY), failed(ErrorClass.IAM_DENY, scopes=4), GROUP]

    assert unsynced_reasons(groups) == {"AccessDenied": 7}


def test_no_scopes_no_reasons():
    assert unsynced_reasons([]) == {}


@pytest.mark.parametrize(
    ("group", "overdue"),
    [
        (GROUP, False),
        (replace(GROUP, late=True), True),
        (failed(ErrorClass.IAM_DENY, late=True), True),
        (failed(ErrorClass.UNSUPPORTED, late=True), False),
    ],
)
def test_overdue_is_what_is_late_and_not_for_want_of_support(group, overdue):
    assert group.overdue is overdue
