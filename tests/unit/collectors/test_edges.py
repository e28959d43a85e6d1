"""Which resources a document names."""

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cloudops.collectors.aws import arns
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.edges import To, compile_edges
from cloudops.collectors.identifiers import (
    MAX_ID_BYTES,
    AnswerContext,
    compile_id,
    compile_reference,
)
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Emits
from cloudops.domain.resource import Edge, Facet, resource_uid
from tests.unit.collectors.rows import REDACTOR
from tests.unit.collectors.test_transform import ITEM, LISTING, THING

pytestmark = pytest.mark.unit

CONTEXT = AnswerContext("aws", "aws-cn", "111122223333", "eu-west-1")
GLOBAL = replace(CONTEXT, region="global")
EC2 = "arn:aws-cn:ec2:eu-west-1:111122223333"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/50dc6c495c0c9188"
TEMPLATES = sorted({one for row in LISTINGS for e in row.emits for one in e.id_templates})
MEMBER = re.compile(r"{(\w+)[*/]?}")
NAMED = [one for one in TEMPLATES if set(MEMBER.findall(one)) - {"partition", "account", "region"}]
COMPUTED = [one for one in TEMPLATES if re.search(r"{[^{}]*[^\w{}*/]", one)]


def find(document: dict[str, Any], context: AnswerContext = CONTEXT, **edges: str | To) -> Any:
    rule = compile_edges("AWS::Test::Thing", edges)
    assert rule is not None
    return rule.find(context, orjson.dumps(document))


def edge(target: str, canonical_id: str | None, relation: str = "x") -> Edge:
    return Edge(relation, target, resource_uid("aws", canonical_id) if canonical_id else None)


class TestWhoIsMeant:
    @pytest.mark.parametrize(
        ("template", "target", "canonical_id"),
        [
            pytest.param(arns.EC2_VOLUME, "vol-1", f"{EC2}:volume/vol-1", id="plain-id"),
            pytest.param(arns.S3_BUCKET, "logs", "arn:aws-cn:s3:::logs", id="no-region"),
            pytest.param((), "vol-1", None, id="no-template"),
            pytest.param((), "arn:aws:x:y:9:z", "arn:aws:x:y:9:z", id="arn-without-template"),
            pytest.param(
                *(arns.SQS_QUEUE, "arn:aws:sqs:us-east-1:9:jobs", "arn:aws:sqs:us-east-1:9:jobs"),
                id="arn-of-another-account-and-region",
            ),
            pytest.param(
                *(arns.SQS_QUEUE, "arn:aws:sns:us-east-1:9:jobs", "arn:aws:sns:us-east-1:9:jobs"),
                id="arn-of-another-type",
            ),
            pytest.param(
                arns.LAMBDA_FUNCTION,
                "arn:aws:lambda:eu-west-1:9:function:web:17",
                "arn:aws:lambda:eu-west-1:9:function:web",
                id="version-of-a-function",
            ),
            pytest.param(
                arns.DYNAMODB_TABLE,
                "arn:aws:dynamodb:eu-west-1:9:table/orders/stream/2026-01-01T00:00:00.000",
                "arn:aws:dynamodb:eu-west-1:9:table/orders",
                id="stream-of-a-table",
            ),
            pytest.param(
                *(arns.S3_BUCKET, "arn:aws:s3:::logs/flow/", "arn:aws:s3:::logs"), id="prefix"
            ),
            pytest.param(
                arns.LOG_GROUP,
                "arn:aws:logs:eu-west-1:9:log-group:/aws/lambda/web:*",
                "arn:aws:logs:eu-west-1:9:log-group:/aws/lambda/web",
                id="log-group-with-its-streams",
            ),
            pytest.param(
                arns.LOG_GROUP,
                "/aws/lambda/web",
                "arn:aws-cn:logs:eu-west-1:111122223333:log-group:/aws/lambda/web",
                id="name-with-slashes",
            ),
            pytest.param(
                *(arns.HOSTED_ZONE, "/hostedzone/Z1", "arn:aws-cn:route53:::hostedzone/Z1"),
                id="last-part",
            ),
            pytest.param(arns.EC2_VOLUME, "a/b", None, id="name-that-can-not-be"),
            pytest.param(
                arns.LOAD_BALANCER,
                "app/web/50dc6c495c0c9188",
                "arn:aws-cn:elasticloadbalancing:eu-west-1:111122223333"
                ":loadbalancer/app/web/50dc6c495c0c9188",
                id="several-placeholders",
            ),
            pytest.param(arns.LOAD_BALANCER, BALANCER, BALANCER, id="arn-of-its-type"),
            pytest.param(
                (arns.EC2_VOLUME, arns.SSM_PARAMETER),
                "a/b",
                "arn:aws-cn:ssm:eu-west-1:111122223333:parameter/a/b",
                id="the-first-that-fits",
            ),
        ],
    )
    def test_what_documents_write_becomes_the_id(self, template, target, canonical_id):
        found = find({"T": target}, x=To("T", template))

        assert found == (edge(target, canonical_id),)

    def test_without_a_region_what_needs_one_is_not_known(self):
        found = find(
            {"B": "logs", "V": "vol-1"},
            GLOBAL,
            b=To("B", arns.S3_BUCKET),
            v=To("V", arns.EC2_VOLUME),
        )

        assert found == (
            edge("logs", "arn:aws-cn:s3:::logs", "b"),
            edge("vol-1", None, "v"),
        )

    def test_an_object_says_whose_the_target_is(self):
        path = "T[].{id: Id, account: Owner, region: Region}"
        document = {
            "T": [{"Id": "vpc-1", "Owner": "9", "Region": "us-east-1"}, {"Id": "vpc-2"}, {}]
        }

        assert find(document, x=To(path, arns.EC2_VPC)) == (
            edge("vpc-1", "arn:aws-cn:ec2:us-east-1:9:vpc/vpc-1"),
            edge("vpc-2", f"{EC2}:vpc/vpc-2"),
        )

    @pytest.mark.parametrize(
        ("pattern", "written", "targets"),
        [
            (r"[^,\s]+", "subnet-1, subnet-2", ["subnet-1", "subnet-2"]),
            (r"Gateway (nat-\w+)", "Interface for NAT Gateway nat-1", ["nat-1"]),
            (r"Gateway (nat-\w+)", "mine", []),
        ],
    )
    def test_a_pattern_finds_targets_in_longer_text(self, pattern, written, targets):
        found = find({"T": written}, x=To("T", arns.EC2_SUBNET, pattern=pattern))

        assert [one.target for one in found] == targets

    def test_each_target_comes_once(self):
        document = {"T": ["b", "a", ["b", "", None, 7, True, {"redacted": True}]]}

        assert find(document, x="T") == (edge("b", None), edge("a", None))

    def test_an_id_that_is_too_long_to_be_one_is_kept_as_it_is(self):
        long = "arn:" + "x" * MAX_ID_BYTES

        assert find({"T": long}, x="T") == (edge(long, None),)

    def test_a_path_that_does_not_suit_a_document_hides_no_other(self):
        with capture_logs() as lines:
            found = find({"T": 7, "U": "u"}, a="starts_with(T, 'x')", b="U")

        assert found == (edge("u", None, "b"),)
        assert [(line["event"], line["relation"]) for line in lines] == [
            ("edges not readable", "a")
        ]

    @pytest.mark.parametrize(
        "edges", [{"x": "a["}, {"x": To("a", "arn:x")}, {"x": To("a", pattern="(")}]
    )
    def test_what_does_not_parse_is_refused(self, edges):
        with pytest.raises((ValueError, re.error)):
            compile_edges("AWS::Test::Thing", edges)


class TestRoundTrip:
    names = st.text(st.characters(exclude_characters=":/", exclude_categories=["Cs"]), min_size=1)

    @pytest.mark.parametrize("template", [one for one in NAMED if one not in COMPUTED])
    @settings(max_examples=15)
    @given(data=st.data())
    def test_every_template_is_read_back_from_the_name_alone(self, template, data):
        """Fails if an edge's target had another id than the target's own listing gives it."""
        members = MEMBER.findall(template)
        item = {name: data.draw(self.names) for name in members}
        canonical_id = compile_id(template).fill(item, CONTEXT)
        own = [name for name in members if name not in ("partition", "account", "region")]
        between = template[template.index("{" + own[0]) : template.rindex("{" + own[-1])]
        written = MEMBER.sub(lambda m: item[m[1]], between) + item[own[-1]]

        reference = compile_reference(template)

        assert reference.around(written, CONTEXT) == canonical_id
        assert reference.within(canonical_id) == canonical_id

    @pytest.mark.parametrize("template", COMPUTED)
    def test_a_computed_part_can_not_be_read_back(self, template):
        """Fails if an edge filled in a name where only the whole item tells the id."""
        with pytest.raises(ValueError, match="computed"):
            compile_reference(template)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["id", "account", "region", "T"]), inner)
            ),
        )
    )
    def test_no_document_breaks_it(self, value):
        for found in find({"T": value}, x=To("T", (arns.EC2_VOLUME, arns.LOG_GROUP)), y="T[].T"):
            assert found.target


class TestWithTheDocument:
    def observe(self, item=ITEM, **edges):
        row = replace(THING, edges=edges)
        listing = replace(LISTING, emits=(row,))
        answer = {"Groups": [{"Things": [item]}]}
        [found] = ListingTransform(listing, REDACTOR).page(answer, CONTEXT).observations
        return found

    def test_what_is_volatile_or_redacted_names_nobody(self):
        item = ITEM | {"Seen": "v-1", "Script": "s-1", "Password": "p-1", "Plain": "t-2"}

        found = self.observe(item, a="Seen", b="Script", c="Password", d="Plain")

        assert [edge.target for edge in found.edges] == ["t-2"]

    def test_another_way_to_find_them_is_another_digest(self):
        """Fails if a catalogue that learns an edge would wait for a change of each document."""
        digests = [
            self.observe(**edges).digest
            for edges in (
                {},
                {"x": "Id"},
                {"y": "Id"},
                {"x": To("Id", arns.EC2_VPC)},
                {"x": To("Id", pattern="t")},
            )
        ]

        assert len(set(digests)) == len(digests)
        assert self.observe(x="Id").digest == self.observe(x=To("Id")).digest

    def test_what_names_nobody_costs_nothing(self):
        assert self.observe().find_edges is None
        assert self.observe().edges == ()

    def test_they_lie_where_the_resource_is_not_where_it_was_listed(self):
        row = replace(THING, region="Where", edges={"x": To("Id", arns.EC2_VPC)})
        answer = {"Groups": [{"Things": [ITEM | {"Where": "us-east-1"}]}]}
        transform = ListingTransform(replace(LISTING, emits=(row,)), REDACTOR)

        [found] = transform.page(answer, GLOBAL).observations

        assert found.edges == (edge("t-1", "arn:aws-cn:ec2:us-east-1:111122223333:vpc/t-1"),)


def of_catalogue(native_type: str) -> Emits:
    """What is read of a type; of one with details the part that names others."""
    found = [
        emits
        for row in LISTINGS
        if row.facet is not Facet.TAGS
        for emits in row.emits
        if emits.type == native_type and emits.edges
    ]
    return found[-1]


INTERFACE, DISTRIBUTION = "AWS::EC2::NetworkInterface", "AWS::CloudFront::Distribution"


@pytest.mark.parametrize(
    ("native_type", "relation", "document", "canonical_id"),
    [
        pytest.param(
            *(INTERFACE, "nat_gateway"),
            {"InterfaceType": "nat_gateway", "Description": "Interface for NAT Gateway nat-0a"},
            f"{EC2}:natgateway/nat-0a",
            id="interface-of-a-nat-gateway",
        ),
        pytest.param(
            *(INTERFACE, "nat_gateway"),
            {"InterfaceType": "interface", "Description": "Interface for NAT Gateway nat-0a"},
            None,
            id="interface-that-says-what-it-likes",
        ),
        pytest.param(
            *(INTERFACE, "load_balancer"),
            {"RequesterManaged": True, "Description": "ELB app/web/50dc6c495c0c9188"},
            "arn:aws-cn:elasticloadbalancing:eu-west-1:111122223333"
            ":loadbalancer/app/web/50dc6c495c0c9188",
            id="interface-of-a-load-balancer",
        ),
        pytest.param(
            *(INTERFACE, "load_balancer"),
            {"RequesterManaged": True, "Description": "ELB web"},
            "arn:aws-cn:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/web",
            id="interface-of-a-classic-load-balancer",
        ),
        pytest.param(
            *(INTERFACE, "load_balancer"),
            {"RequesterManaged": False, "Description": "ELB web"},
            None,
            id="interface-of-somebody",
        ),
        pytest.param(
            *(INTERFACE, "function"),
            {
                "InterfaceType": "lambda",
                "Description": "AWS Lambda VPC ENI-a-b-8c7ac78b-e11d-4dea-8a47-ab2bdeba9bf5",
            },
            "arn:aws-cn:lambda:eu-west-1:111122223333:function:a-b",
            id="interface-of-a-function",
        ),
        *(
            pytest.param(
                *(DISTRIBUTION, "buckets", {"Origins": {"Items": [{"DomainName": domain}]}}),
                bucket and f"arn:aws-cn:s3:::{bucket}",
                id=domain,
            )
            for domain, bucket in (
                ("logs.s3.amazonaws.com", "logs"),
                ("a.b.s3.eu-west-1.amazonaws.com", "a.b"),
                ("logs.s3-eu-west-1.amazonaws.com", "logs"),
                ("logs.s3-website-eu-west-1.amazonaws.com", "logs"),
                ("logs.s3-website.eu-central-1.amazonaws.com", "logs"),
                ("logs.s3.cn-north-1.amazonaws.com.cn", "logs"),
                ("web-1.eu-west-1.elb.amazonaws.com", None),
                ("logs.s3.example.com", None),
            )
        ),
        pytest.param(
            "AWS::EC2::SecurityGroup",
            "peers",
            {"IpPermissions": [{"UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "9"}]}]},
            "arn:aws-cn:ec2:eu-west-1:9:security-group/sg-1",
            id="peer-of-another-account",
        ),
        pytest.param(
            "AWS::SNS::Topic",
            "key",
            {"KmsMasterKeyId": "alias/aws/sns"},
            "arn:aws-cn:kms:eu-west-1:111122223333:alias/aws/sns",
            id="alias-of-a-key",
        ),
        pytest.param(
            "AWS::Kinesis::Stream",
            "key",
            {"KeyId": "1234abcd-12ab"},
            "arn:aws-cn:kms:eu-west-1:111122223333:key/1234abcd-12ab",
            id="id-of-a-key",
        ),
        pytest.param(
            "AWS::Glue::Crawler",
            "buckets",
            {"Targets": {"S3Targets": [{"Path": "s3://lake/raw/"}]}},
            "arn:aws-cn:s3:::lake",
            id="bucket-of-a-url",
        ),
    ],
)
def test_the_catalogue_knows_how_services_write(native_type, relation, document, canonical_id):
    emits = of_catalogue(native_type)
    found = find(document, x=emits.edges[relation])

    assert [one.target_uid for one in found] == (
        [resource_uid("aws", canonical_id)] if canonical_id else []
    )


EMITS = [
    pytest.param(emits, id=f"{row.name}-{emits.type}")
    for row in LISTINGS
    if row.facet is not Facet.TAGS
    for emits in row.emits
    if emits.edges
]


@pytest.mark.parametrize("emits", EMITS)
def test_an_edge_leads_to_a_type_that_is_read(emits: Emits):
    for name, rule in emits.edges.items():
        unread = set(rule.ids if isinstance(rule, To) else ()) - set(TEMPLATES)
        assert not unread, f"{name}: no row has the ids {unread}"
