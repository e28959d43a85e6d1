"""`cloudops resources show` and `history`: for people and for programs."""

import csv
import io
import json

import pytest

from cloudops.domain.resource import resource_uid
from tests.fakes.cloud import observe
from tests.integration.cli import small_estate
from tests.integration.cli.small_estate import ACCOUNT, BATCH, BUCKET, VOLUME, WEB_1
from tests.integration.store.seeding import execute

pytestmark = [pytest.mark.integration, pytest.mark.database]

EVIL = "\x1b[31mred\u009b2J\n"
LARGE = (1e20, 1.7976931348623157e308)


@pytest.fixture
def ledger(engine):
    return small_estate.fill(engine)


def lines_of(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def refusal(done):
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("command", ["show", "history"])
def test_the_help_needs_no_database(cloudops, command):
    (usage, *_) = lines_of(cloudops("resources", command, "--help"))

    assert usage.endswith(f" resources {command} [OPTIONS] ID")


class TestShow:
    def fields(self, done):
        found = dict(line.split(": ", 1) for line in lines_of(done) if ": " in line)
        return {key: value.strip() for key, value in found.items()}

    def test_key_and_value_lines(self, cloudops, ledger):
        found = self.fields(cloudops("resources", "show", VOLUME))

        assert found["id"] == VOLUME
        assert found["account"] == f"{ACCOUNT} (prod)"
        assert found["created"] == "<unknown>"
        assert found["listing"].startswith("aws.ec2.volumes, complete, as of 20")
        assert found["tags"] == "none, from the listing itself"

    def test_json(self, cloudops, ledger):
        done = cloudops("resources", "show", "i-0f3a9c2e51b7d8e40", "-o", "json")

        found = json.loads(done.stdout)
        assert found["canonical_id"] == WEB_1
        assert found["uid"] == str(resource_uid("aws", WEB_1))
        assert found["presence"] == "live"
        assert found["tags"] == {"Name": "web-1", "team": "shop"}
        assert found["facets"]["listed"]["document"]["InstanceType"] == "t3.large"
        assert found["created_at"] == "2026-03-09T08:15:02+00:00"

    @pytest.mark.parametrize(
        ("change", "key", "value"),
        [
            ("UPDATE resource SET tags = NULL", "tags", "<unknown>, from the tagging API"),
            ("UPDATE resource SET tag_source = 'none', tags = '{}'", "tags", "none, this type"),
            ("UPDATE resource SET tag_source = 'unread', tags = NULL", "tags", "<unknown>, nobody"),
            (
                "UPDATE scope SET retired_at = now(), retired_reason = 'RegionNotSelected'",
                "retired",
                "RegionNotSelected: not read any more, and in no list",
            ),
            (
                "UPDATE scope SET status = 'denied', last_complete_at = NULL",
                "listing",
                "aws.s3.buckets, denied, never read to its end",
            ),
            ("UPDATE facet SET missing_since = now()", "missing", "20"),
            ("UPDATE facet SET truncated = true", "document", "cut at 256 KiB"),
            ("UPDATE account SET name = ''", "account", ACCOUNT),
        ],
    )
    def test_what_is_not_as_it_should_be_is_said(self, cloudops, ledger, change, key, value):
        execute(ledger.engine, change)

        assert self.fields(cloudops("resources", "show", BUCKET))[key].startswith(value)

    def test_a_deleted_one_says_since_when_and_nothing_is_missing_of_it(self, cloudops, ledger):
        found = self.fields(cloudops("resources", "show", BATCH))

        assert found["deleted"].endswith("ago): swept")
        assert "missing" not in found

    def test_volatile_values_stand_apart(self, cloudops, ledger):
        execute(ledger.engine, """UPDATE facet SET volatile = '{"LastUsed"\\: "now"}'""")

        written = lines_of(cloudops("resources", "show", WEB_1))

        assert written[-4:] == [
            "document, what changes by itself:",
            "  {",
            '    "LastUsed": "now"',
            "  }",
        ]

    def test_control_characters_do_not_reach_the_terminal(self, cloudops, ledger):
        evil_id = f"arn:aws:{EVIL}"
        evil = observe(evil_id, display_name=EVIL, tags={EVIL: EVIL}, document={EVIL: EVIL})
        ledger.pass_over([evil], name=small_estate.VOLUMES, complete=False)

        found = cloudops("resources", "show", evil_id)
        unknown = cloudops("resources", "show", EVIL * 2)

        assert found.returncode == 0, found.stderr
        for text in (found.stdout, refusal(unknown)):
            assert all(character.isprintable() or character == "\n" for character in text)
            assert "red" in text

    @pytest.mark.parametrize("output", ["table", "json"])
    def test_a_number_is_shown_however_large(self, cloudops, ledger, output):
        """Fails as long as jsonb's digits become an integer that no writer of JSON takes."""
        ledger.pass_over(
            [observe("x", document={"Limits": LARGE})], name=small_estate.VOLUMES, complete=False
        )

        done = cloudops("resources", "show", "x", "-o", output)

        assert done.returncode == 0, done.stderr
        assert "1e+20" in done.stdout


class TestHistory:
    def test_a_table_has_a_line_for_each_key(self, cloudops, ledger):
        header, *lines = lines_of(cloudops("resources", "history", WEB_1))

        assert header.split() == ["AT", "OPERATION", "FACET", "KEY", "OLD", "NEW"]
        assert [line.split()[1:] for line in lines] == [
            ["updated", "listed", "InstanceType", "t3.micro", "t3.large"],
            [
                "updated",
                "listed",
                "State",
                '{"Code":80,"Name":"stopped"}',
                '{"Code":16,"Name":"running"}',
            ],
            [
                "updated",
                "listed",
                "State",
                '{"Code":16,"Name":"running"}',
                '{"Code":80,"Name":"stopped"}',
            ],
            ["created", "listed", "-", "-", "-"],
        ]

    def test_json_keeps_null_from_absent(self, cloudops, ledger):
        for document in ({"Null": None, "Gone": 1}, {"Null": [], "New": "n"}):
            ledger.pass_over(
                [observe("x", document=document)], name=small_estate.INSTANCES, complete=False
            )

        newest, _ = json.loads(cloudops("resources", "history", "x", "-o", "json").stdout)

        assert newest["listing"] == "aws.ec2.instances"
        assert newest["at"].endswith("+00:00")
        assert newest["changed"] == {
            "Gone": {"old": 1},
            "New": {"new": "n"},
            "Null": {"old": None, "new": []},
        }

    def test_csv_has_a_record_for_each_key_with_its_values_as_json(self, cloudops, ledger):
        done = cloudops("resources", "history", "i-09e8b6d5c4a3f2101", "-o", "csv")

        records = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
        assert [(record["operation"], record["key"]) for record in records] == [
            ("deleted", "ImageId"),
            ("deleted", "InstanceId"),
            ("deleted", "InstanceType"),
            ("deleted", "State"),
            ("created", ""),
        ]
        assert json.loads(records[-2]["old"]) == {"Code": 16, "Name": "running"}
        assert records[-2]["new"] == ""

    @pytest.mark.parametrize(("since", "count"), [("1h", 4), ("0s", 0), ("2025-01-01T00:00Z", 4)])
    def test_it_may_begin_later(self, cloudops, ledger, since, count):
        assert len(lines_of(cloudops("resources", "history", WEB_1, "--since", since))) == count + 1

    @pytest.mark.parametrize(
        ("output", "written"),
        [("json", "[]\n"), ("csv", "at,operation,facet,listing,key,old,new\n")],
    )
    def test_nothing_found_is_still_well_formed(self, cloudops, ledger, output, written):
        done = cloudops("resources", "history", WEB_1, "--since", "0s", "-o", output)

        assert (done.returncode, done.stdout) == (0, written)

    def test_it_is_there_when_nothing_else_is(self, cloudops, ledger):
        execute(ledger.engine, "DELETE FROM facet")
        execute(ledger.engine, "DELETE FROM resource")

        assert len(lines_of(cloudops("resources", "history", BATCH))) == 3
        assert f"cloudops resources history {BATCH}`" in refusal(
            cloudops("resources", "show", BATCH)
        )

    def test_control_characters_do_not_reach_the_terminal(self, cloudops, ledger):
        for value in (1, EVIL):
            ledger.pass_over(
                [observe("x", document={EVIL: value})], name=small_estate.VOLUMES, complete=False
            )

        _, line, *_ = lines_of(cloudops("resources", "history", "x"))

        assert line.isprintable()
        assert line.count("red") == 2

    @pytest.mark.parametrize("output", ["table", "json", "csv"])
    def test_a_number_is_shown_however_large(self, cloudops, ledger, output):
        for value in LARGE:
            ledger.pass_over(
                [observe("x", document={"Limit": value})], name=small_estate.VOLUMES, complete=False
            )

        done = cloudops("resources", "history", "x", "-o", output)

        assert done.returncode == 0, done.stderr
        assert "1e+20" in done.stdout
        assert "1.7976931348623157e+308" in done.stdout

    def test_a_since_that_is_none_is_refused(self, cloudops):
        assert "--since soon: write a time as" in refusal(
            cloudops("resources", "history", "x", "--since", "soon")
        )


@pytest.mark.parametrize("command", ["show", "history"])
class TestWhichOneIsMeant:
    def test_an_unknown_id_is_told_with_the_next_step(self, cloudops, ledger, command):
        told = refusal(cloudops("resources", command, "i-0none", "-o", "json"))

        assert told.startswith("error: resource i-0none: there is none with this id")
        assert "`cloudops resources list --deleted --name '*i-0none*'`" in told

    def test_of_several_each_is_named(self, cloudops, ledger, command):
        ledger.pass_over(
            [observe("arn:aws:sns:r:1:acme-logs")], name=small_estate.VOLUMES, complete=False
        )

        told = refusal(cloudops("resources", command, "acme-logs"))

        assert f"{BUCKET}, arn:aws:sns:r:1:acme-logs; give more of the one" in told
