"""`cloudops types list`: the catalogue for people and for programs."""

import csv
import json
from fnmatch import fnmatchcase

import pytest
from click.testing import CliRunner, Result

from cloudops.cli import main
from cloudops.cli.types import HEADER, table_lines
from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.domain.resource import Facet

pytestmark = pytest.mark.unit

TYPES = sorted(t for row in CATALOGUE if row.facet is Facet.LISTED for t in row.types)
INSTANCE = (
    *("AWS::EC2::Instance", "1", "regional", "hot", "listed", "aws.ec2.instances"),
    *("ec2:DescribeInstances", "image,network"),
)
KEY_ALIAS = (
    *("AWS::KMS::Alias", "1", "regional", "standard", "none", "aws.kms.aliases"),
    *("kms:ListAliases", "-"),
)


def types_list(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["types", "list", *arguments])


def test_every_type_of_the_catalogue_has_one_line():
    [header, *lines] = types_list().stdout.splitlines()

    assert tuple(header.split()) == HEADER
    assert [line.split()[0] for line in lines] == TYPES


def test_a_line_has_a_word_for_each_column_even_where_there_is_nothing():
    lines = types_list().stdout.splitlines()

    assert {len(line.split()) for line in lines} == {len(HEADER)}


def test_json_has_everything_about_a_type():
    [row] = json.loads(types_list("--type", "AWS::DynamoDB::Table", "-o", "json").stdout)

    assert row == {
        "cloud": "aws",
        "type": "AWS::DynamoDB::Table",
        "kind": "database.table",
        "service": "dynamodb",
        "listing": "aws.dynamodb.tables",
        "tier": 2,
        "region_rule": "regional",
        "period": "standard",
        "consistency": "eventual",
        "permissions": ["dynamodb:ListTables"],
        "detail_listing": "aws.dynamodb.tables.details",
        "detail_permissions": ["dynamodb:DescribeTable"],
        "tag_source": "tagging",
        "tag_listing": "aws.tagging.resources",
        "tag_permissions": ["tag:GetResources"],
        "edges": row["edges"],
    }
    assert "key" in row["edges"]


@pytest.mark.parametrize(
    ("native_type", "source", "listing"),
    [
        pytest.param("AWS::EC2::Instance", "listed", "aws.ec2.instances", id="listed"),
        pytest.param("AWS::S3::Bucket", "tagging", "aws.tagging.resources", id="tagging"),
        pytest.param("AWS::EKS::Cluster", "details", "aws.eks.clusters.details", id="details"),
        pytest.param("AWS::KMS::Alias", "none", "", id="none"),
        pytest.param("AWS::SecurityHub::Hub", "unread", "", id="unread"),
    ],
)
def test_the_listing_that_brings_the_tags_is_named(native_type: str, source: str, listing: str):
    [row] = json.loads(types_list("--type", native_type, "-o", "json").stdout)

    assert (row["tag_source"], row["tag_listing"]) == (source, listing)
    assert bool(row["tag_permissions"]) == (source == "tagging")


def test_csv_has_the_members_of_the_json_with_lists_as_words():
    chosen = ("--service", "ec2")
    objects = json.loads(types_list(*chosen, "-o", "json").stdout)

    rows = list(csv.DictReader(types_list(*chosen, "-o", "csv").stdout.splitlines()))

    assert rows == [
        {name: " ".join(v) if isinstance(v, list) else str(v) for name, v in one.items()}
        for one in objects
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("--cloud", "aws"), "*", id="cloud"),
        pytest.param(("--type", "AWS::EC2::V*"), "AWS::EC2::V*", id="type"),
        pytest.param(("--type", "compute.instance"), "AWS::EC2::Instance", id="kind"),
        pytest.param(("--service", "el?"), "AWS::ElasticLoadBalancing::*", id="service"),
        pytest.param(("--service", "ec2", "--type", "*::Subnet"), "AWS::EC2::Subnet", id="both"),
        pytest.param(("--service", "s3", "--type", "compute.*"), "", id="nothing-in-common"),
    ],
)
def test_it_is_narrowed(arguments: tuple[str, ...], expected: str):
    rows = json.loads(types_list(*arguments, "-o", "json").stdout)

    assert [row["type"] for row in rows] == [t for t in TYPES if fnmatchcase(t, expected)]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(("--type", "AWS::EC2::Instances"), "no such type or kind is read", id="type"),
        pytest.param(("--service", "macie"), "no such service is read", id="service"),
        pytest.param(("--cloud", "azure"), "'azure' is not 'aws'", id="cloud"),
    ],
)
def test_what_is_not_read_is_named_as_bad_input(arguments: tuple[str, ...], complaint: str):
    done = types_list(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert arguments[1] in done.stderr
    assert complaint in done.stderr


def test_columns_without_room_stand_below_their_row():
    assert list(table_lines([INSTANCE, KEY_ALIAS], 52)) == [
        "TYPE                TIER  WHERE     PERIOD    TAGS",
        "AWS::EC2::Instance  1     regional  hot       listed",
        "    listing: aws.ec2.instances;",
        "    permissions: ec2:DescribeInstances;",
        "    edges: image, network",
        "AWS::KMS::Alias     1     regional  standard  none",
        "    listing: aws.kms.aliases;",
        "    permissions: kms:ListAliases",
    ]


def test_a_wide_terminal_has_room_for_all():
    assert list(table_lines([INSTANCE], 200)) == list(table_lines([INSTANCE], None))
    assert len(list(table_lines([INSTANCE], None))) == 2


@pytest.mark.parametrize("width", [20, 80, 160])
def test_no_terminal_is_too_narrow(width: int):
    lines = list(table_lines([INSTANCE, KEY_ALIAS], width))

    words = "".join("".join(lines).split())
    assert all(cell in words for cell in (*INSTANCE[5:], *KEY_ALIAS[5:-1]))
    assert width < 80 or max(map(len, lines)) <= width
