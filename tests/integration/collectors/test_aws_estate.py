"""Every listing against moto, whose answers were not written by us."""

from collections.abc import Iterator, Mapping
from uuid import UUID

import boto3
import orjson
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access, Emits, Listing, RegionRule
from cloudops.domain.provider import (
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    Globs,
    ProviderSpec,
)
from cloudops.domain.resource import Facet, Observation, ResourceHead, TagSource
from tests.fixtures.aws import empty_moto
from tests.fixtures.aws_estate import NAME, PASSWORD, TAGS, seed
from tests.integration.collectors.conftest import KEY, SECRET
from tests.integration.collectors.moto_gaps import (
    ABSENT,
    NAMELESS,
    NOT_IN_MOTO,
    RESTLESS,
    UNDATED,
    UNTAGGED,
)
from tests.integration.collectors.reading import shown_by

pytestmark = [pytest.mark.integration, pytest.mark.aws]

OWN, REGION = "123456789012", "eu-west-1"
ROWS = [listing for listing in LISTINGS if listing.name not in NOT_IN_MOTO]
DESCRIBED = [listing for listing in ROWS if listing.facet is Facet.LISTED]
TYPES = [
    pytest.param(listing, emits, id=emits.type) for listing in DESCRIBED for emits in listing.emits
]
TAGGING = [listing.name for listing in LISTINGS if listing.facet is Facet.TAGS]
TAGGED_TYPES = [
    pytest.param(listing, emits, id=emits.type)
    for listing in DESCRIBED
    for emits in listing.emits
    if emits.tag_source is TagSource.TAGGING
]

Seen = Mapping[str, list[Observation]]


@pytest.fixture(scope="module")
def session(moto_url: str, cloud: AwsCloud) -> Iterator[AwsAccountSession]:
    """A door into the account that holds the estate, and nothing else."""
    empty_moto(moto_url)
    seed(
        boto3.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET),
        REGION,
        endpoint_url=moto_url,
    )
    credentials = AwsCredentials(CredentialSource.SECRET, secret_name="aws-keys")
    connection = AwsConnection(credentials, AwsAccounts(), Globs(), moto_url)
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    session = cloud.open(Access(ProviderSpec("aws", aws=connection), keys), OWN)
    yield session
    session.close()


@pytest.fixture(scope="module")
def estate(session: AwsAccountSession) -> Seen:
    """What each listing shows, read once."""
    return read_everything(session)


def read_everything(session: AwsAccountSession) -> dict[str, list[Observation]]:
    seen = {}
    for listing in ROWS:
        region = REGION if listing.region_rule is RegionRule.REGIONAL else "global"
        seen[listing.name] = shown_by(session, listing, region)
    return seen


def heads(estate: Seen, listing: Listing, emits: Emits) -> dict[UUID, ResourceHead]:
    """Every resource of one type."""
    found = {o.uid: o.head for o in estate[listing.name] if o.head is not None}
    return {uid: head for uid, head in found.items() if head.type == emits.type}


def named(found: Mapping[UUID, ResourceHead]) -> dict[UUID, ResourceHead]:
    """Those that the estate made; moto's accounts come with things of their own."""
    return {uid: head for uid, head in found.items() if head.name and NAME in head.name}


@pytest.mark.parametrize(("listing", "emits"), TYPES)
def test_each_type_is_shown_with_its_id_and_name(estate: Seen, listing: Listing, emits: Emits):
    found = heads(estate, listing, emits)

    assert bool(found) is (emits.type not in ABSENT)
    nameless = emits.single or emits.type in ABSENT.keys() | NAMELESS.keys()
    assert bool(named(found)) is not nameless
    for head in found.values():
        assert head.canonical_id.startswith("arn:aws:")
        assert head.canonical_id.split(":")[4] in (OWN, "")


@pytest.mark.parametrize(("listing", "emits"), TYPES)
def test_each_promised_creation_time_is_there(estate: Seen, listing: Listing, emits: Emits):
    times = [head.created_at for head in heads(estate, listing, emits).values()]

    promised = emits.created and emits.type not in UNDATED
    assert all(times) if promised else not any(times)


@pytest.mark.parametrize(("listing", "emits"), TYPES)
def test_tags_are_known_where_the_listing_brings_them(estate: Seen, listing: Listing, emits: Emits):
    found = heads(estate, listing, emits)

    if emits.tag_source is TagSource.LISTED:
        assert all(head.tags is not None for head in found.values())
        shown = [head.tags for head in named(found).values()]
        assert (TAGS in shown) is (emits.type not in UNTAGGED)
    elif emits.tag_source is not TagSource.NONE:
        assert all(head.tags is None for head in found.values())


@pytest.mark.parametrize(("listing", "emits"), TAGGED_TYPES)
def test_the_tagging_pass_knows_the_others_by_the_same_id(
    estate: Seen, listing: Listing, emits: Emits
):
    tagged = {o.uid: orjson.loads(o.document) for name in TAGGING for o in estate[name]}
    found = heads(estate, listing, emits)

    shown = [tagged[uid] for uid in found if uid in tagged]
    assert (TAGS in shown) is (emits.type not in UNTAGGED)


def test_the_tagging_pass_shows_nothing_that_no_listing_shows(estate: Seen):
    described = {o.uid for name, seen in estate.items() if name not in TAGGING for o in seen}

    assert {o.uid for name in TAGGING for o in estate[name]} <= described


def test_a_second_reading_is_the_same(session: AwsAccountSession, estate: Seen):
    """Fails without `volatile`: restorable times and the like pass on."""
    again = read_everything(session)

    changed = {
        name
        for name, seen in estate.items()
        if {o.uid: o.digest for o in again[name]} != {o.uid: o.digest for o in seen}
    }
    assert changed == RESTLESS.keys()


def test_no_password_comes_along(estate: Seen):
    for seen in estate.values():
        for observation in seen:
            assert PASSWORD.encode() not in observation.document + observation.volatile
