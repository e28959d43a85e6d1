"""The key of a resource."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.domain.resource import resource_uid

pytestmark = pytest.mark.unit


def test_it_never_changes_between_versions():
    """Rows of older versions have to be found again."""
    uid = resource_uid("aws", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1")

    assert str(uid) == "bfb8213a-6747-0f15-3024-cd2dd8991cfe"


@given(st.text(), st.text())
def test_the_cloud_is_part_of_it(cloud, canonical_id):
    assert resource_uid(cloud, canonical_id) != resource_uid(f"{cloud}x", canonical_id)


@given(
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
)
def test_cloud_and_id_cannot_run_into_each_other(cloud, canonical_id):
    assert (
        resource_uid(cloud + canonical_id[0], canonical_id[1:]) != resource_uid(cloud, canonical_id)
        or "\0" in canonical_id
    )
