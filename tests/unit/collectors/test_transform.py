import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudops.collectors.canonical import FLAGS_KEY
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform, UnreadableAnswerError
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import Facet, Page, TagSource, resource_uid
from tests.unit.collectors.rows import REDACTOR

pytestmark = pytest.mark.unit

CONTEXT = AnswerContext("aws", "aws", "111122223333", "eu-west-1")
THING = Emits(
    type="AWS::Test::Thing",
    kind="test.thing",
    items="Groups[].Things",
    id="arn:{partition}:test:{region}:{account}:thing/{Id}",
    state="State.Name",
    created="Made",
    tag_source=TagSource.LISTED,
    tags="Tags",
    volatile=("Seen", "Parts[].Status"),
    unordered=("Parts", "Tags", "Parts[].Names"),
    redact=("Script",),
    json=("Policy",),
    owner="Owner",
)
LISTING = Listing(
    name="aws.test.things",
    service="test",
    operation="ListThings",
    region_rule=RegionRule.REGIONAL,
    permissions=("test:ListThings",),
    consistency=Consistency.STRONG,
    period=PeriodClass.HOT,
    emits=(THING,),
)
ITEM: dict[str, Any] = {
    "Id": "t-1",
    "State": {"Name": "running"},
    "Made": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "Owner": "111122223333",
    "Tags": [{"Key": "Name", "Value": "first"}, {"Key": "Team", "Value": "shop"}],
    "Seen": datetime(2026, 5, 5, tzinfo=UTC),
    "Parts": [{"Names": ["b", "a"], "Status": "new"}, {"Names": ["c"], "Status": "old"}],
    "Script": "echo",
    "Policy": "%7B%22Version%22%3A%221%22%7D",
}
SECRET_URL = "https://bot:s3cr3t@git.example.com/shop"


def page(*items: Any, listing: Listing = LISTING) -> Page:
    answer = {"Groups": [{"Things": list(items)}]}
    return ListingTransform(listing, REDACTOR).page(answer, CONTEXT)


def only(*items: Any, listing: Listing = LISTING) -> Any:
    found = page(*items, listing=listing)
    assert not found.malformed
    [observation] = found.observations
    return observation


def document(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(only(ITEM | changes).document)
    return content


def head(**changes: Any) -> Any:
    return only(ITEM | changes).head


def listed(**changes: Any) -> Listing:
    return replace(LISTING, emits=(replace(THING, **changes),))


def test_an_item_becomes_an_observation():
    seen = only(ITEM)

    assert seen.uid == resource_uid("aws", "arn:aws:test:eu-west-1:111122223333:thing/t-1")
    assert seen.facet is Facet.LISTED
    assert not seen.truncated
    assert (seen.head.name, seen.head.state, seen.head.id_synthetic) == ("first", "running", True)
    assert seen.head.created_at == ITEM["Made"]
    assert seen.head.tags == {"Name": "first", "Team": "shop"}
    assert (seen.head.region, seen.head.service) == ("eu-west-1", "test")


def test_volatile_values_leave_the_document():
    volatile = orjson.loads(only(ITEM).volatile)

    assert volatile == {"Seen": "2026-05-05T00:00:00Z", "Parts[].Status": ["new", "old"]}
    assert "Seen" not in document()


def test_unordered_lists_are_sorted_from_the_inside_out():
    assert document()["Parts"] == [{"Names": ["a", "b"]}, {"Names": ["c"]}]


def test_json_in_strings_is_decoded():
    assert document()["Policy"] == {"Version": "1"}
    assert document(Policy='{"a": "%7B"}')["Policy"] == {"a": "%7B"}
    assert document(Policy="no json")["Policy"] == "no json"
    assert document(Policy={"a": 1})["Policy"] == {"a": 1}


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        pytest.param({"Tags": [{"Key": "Name", "Value": SECRET_URL}]}, {}, id="name-of-a-tag"),
        pytest.param({"Title": SECRET_URL}, {"name": "Title"}, id="name"),
        pytest.param({"State": {"Name": SECRET_URL}}, {}, id="state"),
        pytest.param({"Zone": SECRET_URL}, {"region": "Zone"}, id="region"),
    ],
)
def test_no_secret_stands_in_the_columns_of_a_resource(
    changes: dict[str, Any], row: dict[str, Any]
):
    """Fails if only the document and the tags are redacted."""
    seen = only(ITEM | changes, listing=listed(**row))

    assert "s3cr3t" not in repr(seen)
    assert "redacted:" in repr(seen.head)


def test_named_secrets_are_replaced():
    assert document()["Script"]["redacted"] is True


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param(None, {}, id="missing-means-untagged"),
        pytest.param([], {}, id="empty"),
        pytest.param({"a": "b", "z": None}, {"a": "b", "z": ""}, id="object"),
        pytest.param({"n": 1, "t": True}, {"n": "1", "t": "true"}, id="values-that-are-no-text"),
        pytest.param([{"key": "a", "value": "b"}], {"a": "b"}, id="lower-case"),
        pytest.param([{"TagKey": "a", "TagValue": "b"}], {"a": "b"}, id="kms"),
        pytest.param([{"Key": "a"}], {"a": ""}, id="no-value"),
        pytest.param(
            [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], {"a": "2"}, id="twice"
        ),
    ],
)
def test_tags_are_read_in_every_form(tags: Any, expected: dict[str, Any]):
    assert head(Tags=tags).tags == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="text"),
        pytest.param("2026-01-02T05:00:00+02:00", datetime(2026, 1, 2, 3, tzinfo=UTC), id="offset"),
        pytest.param("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC), id="date"),
        pytest.param(1767225600, datetime(2026, 1, 1, tzinfo=UTC), id="epoch"),
        pytest.param(1767225600000, datetime(2026, 1, 1, tzinfo=UTC), id="milliseconds"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="missing"),
    ],
)
def test_creation_times_are_read_in_every_form(made: Any, expected: datetime | None):
    assert head(Made=made).created_at == expected


def test_a_name_of_the_row_wins_over_the_tag():
    assert only(ITEM | {"Title": 7}, listing=listed(name="Title")).head.name == "7"
    assert only(ITEM, listing=listed(name="Title")).head.name is None


def test_the_item_may_know_its_region():
    assert only(ITEM | {"Where": "us-east-1"}, listing=listed(region="Where")).head.region == (
        "us-east-1"
    )


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        pytest.param(TagSource.NONE, {}, id="none-exist"),
        pytest.param(TagSource.UNREAD, None, id="nobody-reads-them"),
        pytest.param(TagSource.TAGGING, None, id="another-pass-brings-them"),
    ],
)
def test_tags_are_known_only_where_they_are_read_or_can_not_be(source: TagSource, tags: Any):
    row = listed(tag_source=source, tags="")

    assert only(ITEM, listing=row).head.tags == tags


def test_items_of_other_accounts_are_left_to_them():
    assert page(ITEM | {"Owner": "999988887777"}) == Page(())


def test_the_later_of_two_equal_ids_wins():
    assert only(ITEM, ITEM | {"State": {"Name": "stopped"}}).head.state == "stopped"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"State": {"Name": "stopped"}}, id="state"),
        pytest.param({"Tags": []}, id="tags"),
        pytest.param({"Made": None}, id="created"),
        pytest.param({"Script": "echo 2"}, id="secret"),
        pytest.param({"New": 1}, id="document"),
    ],
)
def test_what_matters_changes_the_digest(change: dict[str, Any]):
    assert only(ITEM | change).digest != only(ITEM).digest
    assert len(only(ITEM).digest) == 16


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"Made": "yesterday"}, "created is not a time", id="time"),
        pytest.param({"Made": True}, "created is not a time", id="bool-as-time"),
        pytest.param({"Made": 1e300}, "created is not a time", id="time-out-of-range"),
        pytest.param({"Made": []}, "created is not a time", id="list-as-time"),
        pytest.param({"State": {"Name": []}}, "state is not text", id="state"),
        pytest.param({"Owner": {}}, "owner is not text", id="owner"),
        pytest.param({"Tags": "none"}, "tags are neither a list nor an object", id="tags"),
        pytest.param({"Tags": ["a"]}, "a tag is not an object", id="tag"),
        pytest.param({"Tags": [{"Value": "a"}]}, "a tag has no key", id="tag-key"),
        pytest.param(
            {"Tags": [{"Key": "a", "Value": []}]}, "a tag's value is not text", id="value"
        ),
    ],
)
def test_a_wrong_shape_is_quarantined_and_counts_as_seen(change: dict[str, Any], reason: str):
    found = page(ITEM | change, ITEM | {"Id": "t-2"})

    assert [(m.uid, m.reason) for m in found.malformed] == [
        (only(ITEM).uid, f"AWS::Test::Thing: {reason}")
    ]
    assert [o.uid for o in found.observations] == [only(ITEM | {"Id": "t-2"}).uid]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({k: v for k, v in ITEM.items() if k != "Id"}, id="no-id"),
        pytest.param(ITEM | {"Id": ""}, id="empty-id"),
        pytest.param(ITEM | {"Id": 7}, id="id-is-no-text"),
        pytest.param(ITEM | {"Id": "x" * 3000}, id="endless-id"),
        # 2,000 characters, but no index entry holds their bytes.
        pytest.param(ITEM | {"Id": "\u3042" * 1950}, id="endless-in-bytes"),
        pytest.param("text", id="text"),
        pytest.param(None, id="null"),
    ],
)
def test_without_a_readable_id_nothing_counts_as_seen(item: Any):
    [malformed] = page(item).malformed

    assert malformed.uid is None


def test_an_expression_that_fails_is_a_wrong_shape():
    found = page(ITEM, listing=listed(state="abs(State)"))

    assert found.malformed[0].reason == "AWS::Test::Thing: state has the wrong shape"
    assert page(ITEM, listing=listed(id="abs(Id)")).malformed[0].uid is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"Groups": "text"}, id="list-is-text"),
        pytest.param({"Groups": [None]}, id="null-on-the-way"),
        pytest.param({"Groups": [{}]}, id="missing-on-the-way"),
        pytest.param({"Groups": [{"Things": {}}]}, id="items-are-an-object"),
        pytest.param({"Groups": [{"Things": [ITEM]}, 5]}, id="one-group-broken"),
    ],
)
def test_what_can_not_be_reached_is_reported_and_not_skipped(answer: dict[str, Any]):
    assert ListingTransform(LISTING, REDACTOR).page(answer, CONTEXT).malformed


@pytest.mark.parametrize("answer", [{}, {"ResponseMetadata": {}}], ids=["empty", "foreign"])
def test_an_answer_without_the_expected_list_proves_nothing(answer: dict[str, Any]):
    with pytest.raises(UnreadableAnswerError):
        ListingTransform(LISTING, REDACTOR).page(answer, CONTEXT)


@pytest.mark.parametrize("groups", [[], None], ids=["empty", "null"])
def test_an_empty_list_is_an_empty_page(groups: Any):
    answer = {"Groups": groups}

    assert ListingTransform(LISTING, REDACTOR).page(answer, CONTEXT) == Page(())


def test_unstorable_characters_are_flagged_in_the_document():
    assert document(Note="a\0b")[FLAGS_KEY] == ["replaced-characters"]
    assert head(Tags=[{"Key": "Name", "Value": "a\0"}]).name == "a\ufffd"


def test_a_huge_document_is_cut_and_says_so():
    seen = only(ITEM | {"Note": "x" * 300_000})

    assert seen.truncated
    assert len(seen.document) <= 256 * 1024


def test_the_tagging_pass_sees_tags_only():
    row = replace(
        LISTING,
        facet=Facet.TAGS,
        emits=(
            replace(
                THING,
                items="Things",
                id="Arn",
                id_shape=THING.id_template,
                owner="",
                tag_source=TagSource.TAGGING,
            ),
        ),
    )
    arn = "arn:aws:test:eu-west-1:111122223333:thing/t-1"
    answer = {"Things": [{"Arn": arn, "Tags": ITEM["Tags"]}, {"Arn": arn.replace("thing", "x")}]}

    [seen] = ListingTransform(row, REDACTOR).page(answer, CONTEXT).observations
    assert (seen.uid, seen.facet, seen.head) == (only(ITEM).uid, Facet.TAGS, None)
    assert orjson.loads(seen.document) == {"Name": "first", "Team": "shop"}


# Anything that JSON or an SDK can bring, and then some.
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.binary(max_size=8)
    | st.datetimes()
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*ITEM, "Key", "Value", "password", "x\0"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(ITEM, anything)), anything)
def test_bad_data_never_escapes(changes: dict[str, Any], item: Any):
    found = page(ITEM | changes, changes, item)

    for observation in found.observations:
        assert b"\\u0000" not in observation.document
        assert isinstance(orjson.loads(observation.document), dict)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=6), anything, max_size=5), st.randoms())
def test_the_digest_ignores_order_and_volatile_values(extra: dict[str, Any], dice: random.Random):
    item = {f"x-{key}": value for key, value in extra.items()} | ITEM
    shuffled = dict(dice.sample(sorted(item.items(), key=lambda member: member[0]), len(item)))
    shuffled["Tags"] = dice.sample(ITEM["Tags"], len(ITEM["Tags"]))
    shuffled["Parts"] = [
        {"Status": dice.random(), "Names": dice.sample(part["Names"], len(part["Names"]))}
        for part in dice.sample(ITEM["Parts"], len(ITEM["Parts"]))
    ]
    shuffled["Seen"] = dice.random()

    assert only(shuffled).digest == only(item).digest


secret_keys = st.sampled_from(["Password", "db_token", "UserData", "clientSecret", "PRIVATE_KEY"])
canaries = st.text("0123456789abcdef", min_size=20, max_size=40).map("canary{}".format)


@settings(max_examples=200, deadline=None)
@given(secret_keys, canaries, st.lists(st.sampled_from(["a", "List"]), max_size=5), anything)
def test_no_secret_survives_at_any_depth(key: str, canary: str, way: list[str], beside: Any):
    inner: Any = {key: canary, "beside": beside}
    for step in way:
        inner = [inner] if step == "List" else {step: inner}
    seen = only(ITEM | {"Extra": inner, "Seen": inner})

    everything = seen.document + seen.volatile + repr(seen.head).encode()
    assert canary.encode() not in everything
