"""Every row that Cloud Control answers, on answers made from the types' schemas."""

import re
from collections import Counter

import orjson
import pytest
from botocore.validate import ParamValidator

from cloudops.collectors.aws.catalogue import CATALOGUE, CLOUD_CONTROL, LISTINGS
from cloudops.collectors.aws.cloudcontrol import SAME_AS_DESCRIBED, cloudcontrol_listings, table
from cloudops.collectors.documents import compile_emits
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.ledger import PeriodClass
from cloudops.domain.resource import Observation, Page, ResourceHead, TagSource
from tests.unit.collectors.cloudcontrol_items import answer, one, read, schemas
from tests.unit.collectors.rows import operation_of, paginator_of

pytestmark = pytest.mark.unit

DESCRIBED = {type_ for row in LISTINGS for type_ in row.types}
BY_TYPE = {row.types[0]: row for row in CLOUD_CONTROL}
# Also those that are described.
LISTABLE = {row.types[0]: row for row in cloudcontrol_listings(())}
API_KEYS = BY_TYPE["AWS::ApiGateway::ApiKey"]
# Ends of names whose texts are nobody's business, judged without the product's own list.
SECRETS = re.compile(
    r"((password|secret|privatekey|accesskey|passphrase|apikey|streamkey|appkey|userdata)"
    r"|headervalue|tokenvalue|\.payload|runproperties\.FREE|environmentoverride\[\]\.Value"
    r"|(environmentvariables|parameters|variables|environment|headers)\.FREE)$",
    re.IGNORECASE,
)


def heads(page: Page) -> list[ResourceHead]:
    return [observation.head for observation in page.observations if observation.head]


def wrong_with(listing: Listing) -> list[str]:
    """Everything that is wrong with a row and with what it makes of an answer."""
    return [*_wrong_call(listing), *_wrong_reading(listing)]


def _wrong_call(listing: Listing) -> list[str]:
    [emits] = listing.emits
    operation = operation_of(listing)
    assert operation.input_shape is not None
    report = ParamValidator().validate(dict(listing.parameters), operation.input_shape)
    promises = {
        "the API refuses the parameters": not report.has_errors(),
        "the name": re.fullmatch(r"aws\.cloudcontrol\.[a-z0-9-]+", listing.name),
        "the kind": re.fullmatch(r"other\.[a-z0-9-]+", emits.kind),
        "a permission": all(
            re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", action) for action in listing.permissions
        ),
        "who asks": "cloudformation:ListResources" in listing.permissions,
        "cold, by name, listed": (listing.period, listing.named_only, listing.tier)
        == (PeriodClass.COLD, True, 0),
        "tags": (emits.tag_source is TagSource.LISTED) == bool(emits.tags),
    }
    compile_emits(emits)
    return [promise for promise, kept in promises.items() if not kept]


def _wrong_reading(listing: Listing) -> list[str]:
    [emits] = listing.emits
    page = read(listing, answer(emits.type))
    if page.malformed or len(page.observations) != 2:
        return [f"malformed: {page.malformed}, read: {len(page.observations)}"]
    full, bare = heads(page)
    has_tags = emits.tag_source is TagSource.LISTED
    promises = {
        "the type": {full.type, bare.type} == {emits.type},
        "the id": all(head.canonical_id.startswith("arn:aws:") for head in (full, bare)),
        "the name": bool(emits.name) <= bool(full.name),
        "the state": bool(emits.state) <= bool(full.state),
        "the time": bool(emits.created) <= bool(full.created_at),
        "the tags": full.tags == ({"Team": "platform"} if has_tags else None),
        "unknown tags": bare.tags is None,
    }
    broken = [promise for promise, kept in promises.items() if not kept]
    return broken + _spilt(page.observations[0])


def _spilt(observation: Observation) -> list[str]:
    """Canaries that stand where no secret may."""
    texts = re.findall(r'"canary:([^"]+)"', observation.document.decode())
    return [path for path in texts if SECRETS.search(path)]


def test_a_row_keeps_its_promises_on_what_its_schema_allows():
    """All in one, since 1,400 tests of a millisecond each take a minute to be reported."""
    wrong = {row.name: found for row in CLOUD_CONTROL if (found := wrong_with(row))}

    assert wrong == {}


def test_ids_of_all_rows_differ():
    ids = Counter(
        head.canonical_id
        for row in CLOUD_CONTROL
        for head in heads(read(row, answer(row.types[0])))
    )

    # Types of one service whose schemas have the same identifier are told apart by AWS.
    synthetic = {id_: n for id_, n in ids.items() if ":cloudcontrol:" in id_}
    assert synthetic
    assert set(synthetic.values()) == {1}


@pytest.mark.parametrize("what", ["name", "types", "kinds"])
def test_names_types_and_kinds_are_unique(what: str):
    counted = Counter(str(getattr(row, what)) for row in CLOUD_CONTROL)

    assert counted.most_common(1)[0][1] == 1


def test_no_type_is_listed_twice():
    assert not DESCRIBED & BY_TYPE.keys()
    assert not SAME_AS_DESCRIBED.keys() & BY_TYPE.keys()
    assert set(SAME_AS_DESCRIBED.values()) <= DESCRIBED


def test_a_type_that_is_described_is_left_to_its_row():
    less = cloudcontrol_listings({*DESCRIBED, "AWS::ApiGateway::ApiKey"})

    assert {row.types[0] for row in less} == BY_TYPE.keys() - {"AWS::ApiGateway::ApiKey"}


def test_every_listable_type_is_a_row_or_described_or_needs_what_nobody_knows():
    listable = {name for name, schema in schemas().items() if schema.is_listable}
    left = listable - BY_TYPE.keys() - DESCRIBED - SAME_AS_DESCRIBED.keys()

    assert listable == set(table())
    assert {name for name in table() if table()[name].get("needs")} - DESCRIBED == left


def test_there_are_as_many_as_promised():
    assert len(CLOUD_CONTROL) >= 1_300
    assert len(CATALOGUE) == len(LISTINGS) + len(CLOUD_CONTROL)


def test_parents_are_listed_without_parents_and_named_as_their_children_ask():
    for row in CLOUD_CONTROL:
        if row.parents is None:
            continue
        parent = row.parents.parameters["TypeName"]
        assert not {"parent", "needs", "constant"} & table()[parent].keys(), row.name
        assert row.parents.member in schemas()[row.types[0]].needed()
        assert set(table()[parent].get("permissions", ())) <= set(row.permissions), row.name


def test_the_answer_pages_as_botocore_says():
    assert paginator_of(API_KEYS) is not None


def test_nothing_that_changes_anything_or_opens_a_secret_is_granted():
    granted = {action for row in CLOUD_CONTROL for action in row.permissions}
    verbs = {re.sub(r"^[a-z0-9-]+:([A-Z][a-z]+|GET).*", r"\1", action) for action in granted}

    assert verbs <= {
        *("Batch", "Check", "Count", "Describe", "Discover", "GET", "Get", "List", "Lookup"),
        *("Query", "Retrieve", "Scan", "Search", "View"),
    }
    assert not granted & {"secretsmanager:GetSecretValue", "kms:Decrypt", "s3:GetObject"}
    assert "apprunner:ListServices" in granted
    assert "iam:PassRole" in table()["AWS::AppRunner::Service"]["not_granted"]


def test_the_id_of_what_has_no_arn_is_made_of_its_identifier():
    [head] = heads(one(API_KEYS, Properties='{"APIKeyId": "key-1", "Name": "ours"}'))

    assert head.canonical_id == (
        "arn:aws:cloudcontrol:eu-west-1:111122223333:AWS::ApiGateway::ApiKey/key-1"
    )
    assert head.id_synthetic
    assert (head.name, head.kind, head.service) == (
        "ours",
        "other.apigateway-api-key",
        "apigateway",
    )


def test_the_id_of_what_is_global_names_no_region():
    groups = BY_TYPE["AWS::CloudFront::KeyGroup"]

    [head] = heads(one(groups))

    assert head.canonical_id == "arn:aws:cloudcontrol::111122223333:AWS::CloudFront::KeyGroup/key-1"
    assert head.region == "global"


@pytest.mark.parametrize(
    ("properties", "tags"),
    [
        pytest.param('{"Tags": [{"Key": "Team", "Value": "a"}]}', {"Team": "a"}, id="tagged"),
        pytest.param('{"Tags": []}', {}, id="untagged"),
        pytest.param('{"Name": "ours"}', None, id="left-out"),
        pytest.param('{"Tags": null}', None, id="null"),
        pytest.param(None, None, id="no-properties"),
    ],
)
def test_tags_that_the_list_leaves_out_are_unknown(
    properties: str | None, tags: dict[str, str] | None
):
    """Fails with tags as of described rows: what was not told would count as untagged."""
    [head] = heads(one(API_KEYS, Properties=properties))

    assert head.tags == tags


@pytest.mark.parametrize(
    "text",
    ["s3cr3t", '["s3cr3t"]', '"s3cr3t"', '{"a": "s3cr3t"', "7", '{"a": ' * 9_999],
    ids=["words", "list", "text", "cut", "number", "endless"],
)
def test_properties_that_can_not_be_read_are_not_stored(text: str):
    """Nobody could look for secrets in them; the item is there all the same."""
    page = one(API_KEYS, Properties=text)

    assert page.observations == ()
    [item] = page.malformed
    assert item.uid is not None
    assert "s3cr3t" not in item.reason


def test_properties_may_hold_what_orjson_refuses():
    [found] = one(API_KEYS, Properties='{"Name": "a\\ud800b"}').observations

    assert "a\ufffdb" in found.document.decode()


@pytest.mark.parametrize(
    ("arn", "seen"),
    [
        pytest.param("arn:aws:acm-pca:eu-west-1:111122223333:authority/a", True, id="own"),
        pytest.param("arn:aws:acm-pca:eu-west-1:444455556666:authority/a", False, id="shared"),
        pytest.param("arn:aws:acm-pca:eu-west-1:aws:authority/a", False, id="of-aws"),
        pytest.param("arn:aws:acm-pca:us-east-1:111122223333:authority/a", False, id="elsewhere"),
        pytest.param("arn:aws:acm-pca:::authority/a", True, id="nobody's"),
    ],
)
def test_what_another_account_or_region_owns_is_left_to_its_listing(arn: str, seen: bool):  # noqa: FBT001
    authorities = LISTABLE["AWS::ACMPCA::CertificateAuthority"]

    page = read(authorities, {"ResourceDescriptions": [{"Identifier": arn}]})

    assert [head.canonical_id for head in heads(page)] == [arn] * seen
    assert page.malformed == ()


def test_an_identifier_that_should_be_an_arn_and_is_none_is_malformed():
    authorities = LISTABLE["AWS::ACMPCA::CertificateAuthority"]

    assert [item.uid for item in one(authorities).malformed] == [None]


def test_what_is_secret_under_a_name_that_does_not_tell_is_redacted():
    """The value of an API key is called just that."""
    [found] = one(API_KEYS, Properties='{"Name": "ours", "Value": "s3cr3t"}').observations

    assert orjson.loads(found.document)["Properties"]["Value"]["redacted"] is True
    assert "s3cr3t" not in found.document.decode()
