"""What errors carry."""

import pytest

from cloudops.domain.errors import AccessError, CloudOpsError, ListingError
from cloudops.domain.ledger import ErrorClass

pytestmark = pytest.mark.unit


def test_a_closed_door_is_a_denial_unless_it_says_otherwise():
    error = AccessError("shut", reason="CredentialsRejected")

    assert str(error) == "shut"
    assert (error.reason, error.permission, error.error_class) == (
        "CredentialsRejected",
        "",
        ErrorClass.IAM_DENY,
    )


def test_a_listing_says_what_to_grant():
    error = ListingError("no", error_class=ErrorClass.IAM_DENY, code="Denied", permission="s3:List")

    assert (str(error), error.code, error.permission) == ("no", "Denied", "s3:List")
    assert isinstance(error, CloudOpsError)
