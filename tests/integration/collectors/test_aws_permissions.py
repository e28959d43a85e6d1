"""The printed policy is enough, and none of it is too much: proven under moto's IAM.

Every action is taken away, one at a time. Then the listings that name it are denied, and say
so. That no other is denied follows from reading each with its own actions alone: a policy that
only allows never takes away by allowing more.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from cloudops.app.aws import aws_permissions
from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access, Listing, RegionRule
from cloudops.domain.errors import AccessError, ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.permissions import Policy
from cloudops.domain.provider import (
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    Globs,
    ProviderSpec,
    RoleHop,
)
from cloudops.domain.resource import ListedItem
from tests.fakes.aws.rows import operations_of
from tests.integration.cli.commands import Command
from tests.integration.collectors.enforcement import (
    EVERYTHING,
    MEMBER,
    OWN,
    READER_ARN,
    REGION,
    Enforcement,
    actions_of,
    only,
    renamed,
    without,
)
from tests.integration.collectors.moto_gaps import NOT_IN_MOTO
from tests.integration.collectors.reading import items_of, shown_by
from tests.unit.collectors.rows import operation_of

pytestmark = [pytest.mark.integration, pytest.mark.aws]

# What else moto can't do is checked to be still true, so that nothing outlives its reason.
MISNAMED: Final[dict[str, tuple[str, ...]]] = {
    "apigateway:GET": (
        "apigateway:GetApis",
        "apigateway:GetDomainNames",
        "apigateway:GetRestApis",
        "apigateway:GetStages",
        "apigateway:GetUsagePlans",
        "apigateway:GetVpcLinks",
    ),
    "batch:DescribeComputeEnvironments": ("batch:describecomputeenvironments",),
    "batch:DescribeJobDefinitions": ("batch:describejobdefinitions",),
    "batch:DescribeJobQueues": ("batch:describejobqueues",),
    "budgets:ViewBudget": ("budgets:DescribeBudgets",),
    "cloudwatch": ("monitoring",),
    "s3:GetAccountPublicAccessBlock": ("s3:GetPublicAccessBlock",),
    "s3:GetBucketPublicAccessBlock": ("s3:ListBucket",),
    "s3:GetEncryptionConfiguration": ("s3:ListBucket",),
    "tag": ("tagging",),
}
"""IAM's name of a service or action → moto's, which are those in the signature and of the API."""
ALIKE: Final = ("s3:GetBucketPublicAccessBlock", "s3:GetEncryptionConfiguration")
"""Of a bucket moto lets everybody read these who may read one of them."""
NOT_ASKED_FOR: Final = ("cloudformation:ListStacks",)
"""moto lets whoever may describe one stack describe all; AWS's documentation wants this, too."""

POLICIES: Final = aws_permissions(None).reader
ROWS: Final = tuple(row for row in LISTINGS if row.name not in NOT_IN_MOTO)
MISSIGNED: Final = {
    row.name
    for row in ROWS
    if row.service not in {"s3", "s3control"}
    and any(operation_of(row, name).http["method"] == "GET" for name in operations_of(row))
}
"""moto reckons the signature of a GET wrongly, but for S3, and refuses every caller."""
REGIONS: Final = "regions"
NEEDS: Final = {row.name: row.permissions for row in ROWS} | {REGIONS: ("ec2:DescribeRegions",)}
"""What is read → the actions that it needs, in the order of the calls."""
ACTIONS: Final = sorted({action for needed in NEEDS.values() for action in needed})
TOGETHER: Final = [
    *((action,) for action in ACTIONS if action not in (*ALIKE, *NOT_ASKED_FOR)),
    ALIKE,
]
"""Those that are taken away at once: one, wherever moto tells it from others."""


class Outcome(NamedTuple):
    """How a listing ended: "complete", or the class of its error, and what to grant."""

    status: str
    permission: str = ""


COMPLETE: Final = Outcome("complete")
Items = Mapping[str, list[ListedItem]]
NOTHING_KNOWN: Final[Items] = {}


@pytest.fixture(scope="module")
def aws(moto_url: str) -> Iterator[Enforcement]:
    """An estate, everybody's rights enforced; only signatures go unchecked, see MISSIGNED."""
    aws = Enforcement(moto_url)
    aws.seed()
    with aws.enforced():
        yield aws


@pytest.fixture(scope="module")
def session(aws: Enforcement, cloud: AwsCloud) -> Iterator[AwsAccountSession]:
    session = cloud.open(access_of(aws), OWN)
    yield session
    session.close()


def access_of(aws: Enforcement, connection: AwsConnection | None = None) -> Access:
    credentials = AwsCredentials(CredentialSource.SECRET, secret_name="keys")
    plain = AwsConnection(credentials, endpoint_url=aws.url)
    return Access(ProviderSpec("aws", aws=connection or plain), aws.secret)


class Reader(NamedTuple):
    """Who reads with the policies that `aws` grants; details of items that are known already."""

    aws: Enforcement
    cloud: AwsCloud
    session: AwsAccountSession
    items: Items

    def outcomes(self, names: Collection[str] = NEEDS.keys()) -> dict[str, Outcome]:
        """How each of these listings, and of the look at the regions, ends just now."""
        found = listed(self.session, [row for row in ROWS if row.name in names], self.items)
        return {**found, REGIONS: self._regions()} if REGIONS in names else found

    def _regions(self) -> Outcome:
        [account] = self.cloud.discover(access_of(self.aws)).accounts
        error = account.error
        return Outcome(error.error_class.value, error.permission) if error else COMPLETE


@pytest.fixture(scope="module")
def reader(aws: Enforcement, cloud: AwsCloud, session: AwsAccountSession) -> Reader:
    aws.grant([EVERYTHING])
    rows = [row for row in ROWS if row.details_of]
    return Reader(
        aws, cloud, session, {row.name: items_of(session, row, place(row)) for row in rows}
    )


def place(row: Listing) -> str:
    return REGION if row.region_rule is RegionRule.REGIONAL else "global"


def listed(
    session: AwsAccountSession, rows: Sequence[Listing] = ROWS, items: Items = NOTHING_KNOWN
) -> dict[str, Outcome]:
    found = {}
    for row in rows:
        try:
            shown = shown_by(session, row, place(row), items.get(row.name))
        except ListingError as error:
            found[row.name] = Outcome(error.error_class.value, _iam_name(error.permission))
        else:
            found[row.name] = COMPLETE
            # Else its calls were not made, and their permissions not asked for.
            empty = bool(row.describe or row.details_of or row.parents) and not shown
            assert not empty or session.identity.account_id != OWN, row.name
    return found


def _iam_name(permission: str) -> str:
    service, _, action = permission.partition(":")
    names = {moto: iam for iam, motos in MISNAMED.items() for moto in motos}
    same = f"{names.get(service, service)}:{action}" if action else ""
    return names.get(permission, same)


def services(actions: Iterable[str]) -> set[str]:
    return {action.split(":")[0] for action in actions}


def refused(found: dict[str, Outcome]) -> dict[str, Outcome]:
    return {name: outcome for name, outcome in found.items() if outcome != COMPLETE}


def denied_without(action: str) -> dict[str, Outcome]:
    """What has to end otherwise than complete once nobody may do `action`."""
    outcome = Outcome(ErrorClass.IAM_DENY.value, action)
    return {name: outcome for name, needed in NEEDS.items() if action in needed}


def test_the_printed_policy_alone_makes_every_listing_complete(reader: Reader):
    """Fails where a row of the catalogue names less than its calls need."""
    reader.aws.grant(renamed(POLICIES, MISNAMED))

    assert refused(reader.outcomes()) == {}


@pytest.mark.parametrize("name", NEEDS)
def test_a_listing_needs_no_action_but_its_own(name: str, reader: Reader):
    """Fails where a row needs an action that only another row names."""
    reader.aws.grant(renamed(only(POLICIES, NEEDS[name]), MISNAMED))

    assert reader.outcomes({name}) == {name: COMPLETE}


@pytest.mark.parametrize("actions", TOGETHER, ids=lambda actions: actions[0])
def test_without_an_action_its_listings_are_denied_and_name_it(
    actions: tuple[str, ...], reader: Reader
):
    """Fails where a row names an action that it does not need."""
    reader.aws.grant(renamed(without(POLICIES, set(actions)), MISNAMED))

    expected = denied_without(actions[0])
    assert reader.outcomes(expected.keys()) == expected


def test_without_any_policy_nothing_is_complete(reader: Reader):
    """The proof of the proof: what is complete above is so because of the policy."""
    reader.aws.grant([])

    assert set(refused(reader.outcomes())) == set(NEEDS)


class TestWhatMotoCannotDo:
    """Fails where an exception is missing, or is no longer needed."""

    def test_listings_that_it_cannot_answer(self, aws: Enforcement, session: AwsAccountSession):
        aws.grant([EVERYTHING])

        assert refused(listed(session, LISTINGS)).keys() == NOT_IN_MOTO.keys()

    def test_services_that_it_calls_by_another_name(
        self, aws: Enforcement, session: AwsAccountSession
    ):
        aws.grant(POLICIES)

        found = refused(listed(session))
        assert found.keys() == {
            name for name, needed in NEEDS.items() if MISNAMED.keys() & {*services(needed), *needed}
        }
        assert {*services(ACTIONS), *ACTIONS} >= MISNAMED.keys()

    @pytest.mark.parametrize("action", NOT_ASKED_FOR)
    def test_actions_that_it_does_not_ask_for(self, action: str, reader: Reader):
        reader.aws.grant(renamed(without(POLICIES, {action}), MISNAMED))

        expected = denied_without(action)
        assert reader.outcomes(expected.keys()) == dict.fromkeys(expected, COMPLETE)

    def test_signatures_that_it_reckons_wrongly(
        self, aws: Enforcement, session: AwsAccountSession, monkeypatch: pytest.MonkeyPatch
    ):
        aws.grant(renamed(POLICIES, MISNAMED))
        monkeypatch.setattr(aws, "checks_signatures", True)

        assert refused(listed(session)).keys() == MISSIGNED


ENTRY_ROLE: Final = f"arn:aws:iam::{OWN}:role/cloudops-entry"
MEMBER_ROLE: Final = f"arn:aws:iam::{MEMBER}:role/cloudops-read"
FIRST: Final = "the credentials in Secret keys"


@pytest.fixture(scope="module")
def entered(aws: Enforcement) -> Enforcement:
    """Likewise, with a role that the reader assumes, and behind it one in another account."""
    aws.new_role(ENTRY_ROLE, trusts=READER_ARN, external_id="acme-42")
    entry = f"arn:aws:sts::{OWN}:assumed-role/cloudops-entry/cloudops-central"
    aws.new_role(MEMBER_ROLE, trusts=entry, external_id="tenant-7")
    return aws


class TestTheWayIn:
    @pytest.fixture
    def access(self, entered: Enforcement) -> Access:
        """The way in, with exactly what was printed for it."""
        aws, hop = entered, RoleHop(ENTRY_ROLE, "acme-42")
        connection = AwsConnection(
            AwsCredentials(CredentialSource.SECRET, secret_name="keys", roles=(hop,)),
            AwsAccounts(ids=(OWN, MEMBER), member_external_id="tenant-7"),
            Globs((REGION,)),
            aws.url,
        )
        access = access_of(aws, connection)
        granted = aws_permissions(access.spec)
        reader = renamed(granted.reader, MISNAMED)
        entry = {one.principal: one.policies for one in granted.entry}
        assert entry.keys() == {FIRST, ENTRY_ROLE}
        aws.grant(entry[FIRST])
        aws.grant([*reader, *entry[ENTRY_ROLE]], to=ENTRY_ROLE)
        aws.grant(reader, to=MEMBER_ROLE)
        return access

    def test_what_is_printed_leads_into_each_account(self, access: Access, cloud: AwsCloud):
        assert [(a.account_id, a.error) for a in cloud.discover(access).accounts] == [
            (OWN, None),
            (MEMBER, None),
        ]

    @pytest.mark.parametrize("account", [OWN, MEMBER])
    def test_there_everything_is_complete(self, access: Access, cloud: AwsCloud, account: str):
        session = cloud.open(access, account)

        assert session.identity.account_id == account
        assert refused(listed(session)) == {}
        session.close()

    def test_the_first_principal_needs_its_policy(
        self, access: Access, aws: Enforcement, cloud: AwsCloud
    ):
        aws.grant(aws_permissions(access.spec).reader)

        with pytest.raises(AccessError) as refusal:
            cloud.discover(access)
        assert (refusal.value.reason, refusal.value.permission) == (
            "RoleNotAssumable",
            "sts:AssumeRole",
        )

    def test_the_entry_role_needs_its_policy(
        self, access: Access, aws: Enforcement, cloud: AwsCloud
    ):
        reader = aws_permissions(access.spec).reader
        aws.grant(renamed(reader, MISNAMED), to=ENTRY_ROLE)

        own, member = cloud.discover(access).accounts
        assert own.error is None
        assert member.error is not None
        assert (member.error.reason, member.error.permission) == (
            "RoleNotAssumable",
            "sts:AssumeRole",
        )

    def test_no_other_role_can_be_assumed(self, access: Access, aws: Enforcement, cloud: AwsCloud):
        elsewhere = AwsAccounts(ids=(MEMBER,), member_role_name="administrator")
        assert access.spec.aws is not None
        connection = replace(access.spec.aws, accounts=elsewhere)

        [member] = cloud.discover(access_of(aws, connection)).accounts
        assert member.error is not None
        assert member.error.reason == "RoleNotAssumable"


PROVIDER: Final = """
apiVersion: cloudops.dev/v1alpha1
kind: CloudProvider
metadata: {{name: least, namespace: platform}}
spec:
  type: aws
  aws:
    credentials: {{source: Secret, secretRef: {{name: keys}}}}
    regions: {{include: [{region}]}}
    endpointURL: {url}
  inventory:
    types: {{exclude: {excluded}}}
"""


@pytest.mark.database
class TestTheCommands:
    """`cloudops permissions` prints what `cloudops collect` needs."""

    @pytest.fixture
    def file(self, aws: Enforcement, tmp_path: Path) -> Path:
        path = tmp_path / "provider.yaml"
        absent = [type_ for row in LISTINGS if row.name in NOT_IN_MOTO for type_ in row.types]
        excluded = json.dumps(["AWS::IAM::*", *absent])
        path.write_text(PROVIDER.format(region=REGION, url=aws.url, excluded=excluded))
        return path

    @pytest.fixture
    def cloudops(self, aws: Enforcement, migrated_url: str) -> Command:
        return Command({"CLOUDOPS_DATABASE_URL": migrated_url, **aws.secret})

    @pytest.fixture
    def printed(self, cloudops: Command, file: Path) -> list[Policy]:
        done = cloudops("permissions", "aws", "-f", file, "-o", "json")
        assert done.returncode == 0, done.stderr
        policies: list[Policy] = json.loads(done.stdout)["reader"]
        return policies

    def test_with_the_printed_policy_a_sync_is_complete(
        self, aws: Enforcement, cloudops: Command, file: Path, printed: list[Policy]
    ):
        aws.grant(renamed(printed, MISNAMED))
        done = cloudops("collect", "-f", file, "-o", "json")

        assert done.returncode == 0, done.stdout + done.stderr
        read = {scope["listing"] for scope in json.loads(done.stdout)["scopes"]}
        needed = {action for row in LISTINGS if row.name in read for action in row.permissions}
        assert {*actions_of(printed)} == needed | {"ec2:DescribeRegions"}
        assert "iam:GetAccountAuthorizationDetails" not in needed

    def test_one_action_less_is_one_problem_that_names_it(
        self, aws: Enforcement, cloudops: Command, file: Path, printed: list[Policy]
    ):
        aws.grant(renamed(without(printed, {"sns:GetTopicAttributes"}), MISNAMED))
        done = cloudops("collect", "-f", file, "-o", "json")

        assert done.returncode == 3, done.stderr
        [problem] = json.loads(done.stdout)["problems"]
        assert (problem["reason"], problem["listing"], problem["permission"]) == (
            "AccessDenied",
            "aws.sns.topics.details",
            "sns:GetTopicAttributes",
        )
