"""`cloudops resources` and `cloudops scopes`: what is known, for people and for programs."""

import csv
import io
import json
import os

import pytest

from cloudops.domain.reading import ResourceRow
from cloudops.domain.schedule import Failure, judge_attempt
from cloudops.store import leases, scopes
from tests.fakes.cloud import observe
from tests.integration.cli.commands import Command
from tests.integration.store.seeding import ACCOUNT, Ledger, denial, execute

pytestmark = [pytest.mark.integration, pytest.mark.database]

NOT_PLANNED = "note: no planned listing reads AWS::EC2::Volume\n"
EVIL = "\x1b[31mred\u009b2J"


@pytest.fixture
def ledger(engine):
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    ledger.pass_over(
        [
            observe("a", tags={"team": "one", "note": EVIL}),
            observe("b", tags={}, region="us-east-1"),
            observe("c", type_="Fake::Queue", kind="messaging.queue", tags={"team": "one"}),
        ]
    )
    return ledger


def table(done):
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


class TestResources:
    def test_a_table(self, cloudops, ledger):
        header, *lines = table(cloudops("resources", "list"))

        assert header[:4] == ["TYPE", "NAME", "ACCOUNT", "REGION"]
        assert [line[1] for line in lines] == ["a", "b", "c"]
        assert {line[2] for line in lines} == {ACCOUNT}

    def test_control_characters_of_tags_do_not_reach_the_terminal(self, cloudops, ledger):
        written = cloudops("resources", "list").stdout

        assert "\x1b" not in written
        assert "\u009b" not in written
        assert "\ufffd[31mred\ufffd2J" in written

    def test_json(self, cloudops, ledger):
        done = cloudops("resources", "list", "-o", "json")

        rows = json.loads(done.stdout)
        assert [row["canonical_id"] for row in rows] == ["a", "b", "c"]
        assert rows[0]["tags"] == {"team": "one", "note": EVIL}
        assert rows[0]["as_of"].endswith("+00:00")

    def test_csv(self, cloudops, ledger):
        done = cloudops("resources", "list", "-o", "csv")

        rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
        assert [row["canonical_id"] for row in rows] == ["a", "b", "c"]
        assert json.loads(rows[0]["tags"])["team"] == "one"
        assert rows[1]["tags"] == "{}"

    @pytest.mark.parametrize(
        ("output", "written"),
        [
            ("json", "[]\n"),
            ("csv", ",".join(ResourceRow.__dataclass_fields__) + "\n"),
        ],
    )
    def test_nothing_found_is_still_well_formed(self, cloudops, output, written):
        done = cloudops("resources", "list", "-o", output)

        assert done.returncode == 0, done.stderr
        assert done.stdout == written

    @pytest.mark.parametrize(
        ("options", "names"),
        [
            (["--type", "Fake::M*"], "ab"),
            (["--type", "messaging.*"], "c"),
            (["--type", "*::*e*"], "abc"),
            (["--region", "us-*"], "b"),
            (["--account", ACCOUNT], "abc"),
            (["--account", "1"], ""),
            (["--tag", "team=one"], "ac"),
            (["--tag", "team=one", "--tag", "note=x"], ""),
            (["--tag", "team=one", "--tag", "team=one"], "ac"),
            (["--tag", "team=one", "--type", "Fake::Machine"], "a"),
            (["--kind", "compute.*"], "ab"),
            (["--kind", "Fake::*"], ""),
            (["--name", "[bc]", "--kind", "messaging.queue"], "c"),
            (["--state", "run*"], "abc"),
            (["--state", "stopped"], ""),
            (["--changed-since", "1h"], "abc"),
            (["--changed-since", "0s"], ""),
            (["--changed-since", "2025-01-02T03:04:05+01:00"], "abc"),
            (["--changed-since", "9999-12-31T23:59:59Z"], ""),
            (["--deleted"], "abc"),
        ],
    )
    def test_filters(self, cloudops, ledger, options, names):
        done = cloudops("resources", "list", "-o", "json", *options)

        assert [row["canonical_id"] for row in json.loads(done.stdout)] == list(names)

    @pytest.mark.parametrize(
        ("options", "note"),
        [
            (
                ["--type", "AWS::EC2::Volume"],
                "note: 1 scope(s) of these types were never read to their end (planned)",
            ),
            (["--type", "AWS::EC2::Volume", "--region", "xx-*"], NOT_PLANNED),
            (["--type", "AWS::EC2::Volume", "--account", "1"], NOT_PLANNED),
            (["--type", "AWS::EC2::Volume", "--name", "x"], "note: 1 scope(s)"),
            (["--type", "AWS::S3::Bucket"], "note: no planned listing reads AWS::S3::Bucket\n"),
            (["--type", "AWS::EC2::Instance"], ""),
        ],
    )
    def test_what_is_unread_does_not_pass_for_absent(self, cloudops, engine, options, note):
        ledger = Ledger.plan(engine, "aws.ec2.instances", "aws.ec2.volumes")
        ledger.pass_over([], name="aws.ec2.instances")

        done = cloudops("resources", "list", "-o", "json", *options)

        assert (done.returncode, done.stdout) == (0, "[]\n")
        assert done.stderr.startswith(note)
        assert bool(done.stderr) is bool(note)

    def test_what_is_unread_is_told_beside_what_is_known(self, cloudops, engine):
        ledger = Ledger.plan(engine, "aws.ec2.instances", "aws.ec2.volumes")
        ledger.pass_over([observe("a", type_="AWS::EC2::Instance")], name="aws.ec2.instances")

        done = cloudops("resources", "list", "-o", "json", "--type", "AWS::EC2::*")

        assert [row["canonical_id"] for row in json.loads(done.stdout)] == ["a"]
        assert done.stderr.startswith("note: 1 scope(s) of these types were never read")

    def test_a_misspelt_type_is_refused(self, cloudops, ledger):
        done = cloudops("resources", "list", "--type", "AWS::EC2::Instances")

        assert (done.returncode, done.stdout) == (2, "")
        assert "AWS::EC2::Instances: no such type or kind is read" in done.stderr

    @pytest.mark.parametrize("tag", ["team", "=one", ""])
    def test_a_tag_without_a_key_or_a_value_is_refused(self, cloudops, tag):
        done = cloudops("resources", "list", "--tag", tag)

        assert done.returncode == 2
        assert "write KEY=VALUE" in done.stderr

    def test_deleted_ones_have_a_column_that_says_when(self, cloudops, ledger):
        ledger.pass_over([observe("b", tags={}, region="us-east-1")])
        ledger.sweep()

        header, *lines = table(cloudops("resources", "list", "--deleted"))
        rows = json.loads(cloudops("resources", "list", "--deleted", "-o", "json").stdout)

        assert header[-2:] == ["DELETED", "ID"]
        assert [(line[1], line[-2] == "-") for line in lines] == [
            ("a", False),
            ("b", True),
            ("c", False),
        ]
        assert [row["canonical_id"] for row in rows if row["deleted_at"]] == ["a", "c"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--changed-since", "yesterday"], "--changed-since yesterday: write a time as 20"),
            (["--changed-since", "2026-01-01"], "--changed-since 2026-01-01: write the time with"),
            (["--changed-since", "100000d"], "--changed-since 100000d: write a time"),
            (["--name", os.fsdecode(b"\xff")], "'--name': '\\udcff' is not UTF-8"),
            (["--tag", "a=1", "--tag", "a=2"], "--tag a: no resource has two values"),
            (["--tag", os.fsdecode(b"a=\xff")], "'--tag': 'a=\\udcff' is not UTF-8"),
        ],
    )
    def test_a_condition_that_nothing_can_meet_is_refused_with_its_name(
        self, cloudops, options, message
    ):
        done = cloudops("resources", "list", *options)

        assert done.returncode == 2
        assert done.stderr.startswith(f"error: {message}")
        assert done.stderr.count("\n") == 1


class TestScopes:
    def test_a_table_says_what_to_grant(self, cloudops, ledger):
        error = denial(permission="fake:List")
        with ledger.engine.begin() as connection:
            outcome = judge_attempt(
                ledger.scope("fake.queues"),
                started_at=leases.database_now(connection),
                failure=Failure(error.error_class, error.code, str(error), error.permission),
                item_count=0,
                period_seconds=900,
                spread=0.5,
            )
            scopes.record_outcomes(connection, [outcome])

        header, machines, queues = table(cloudops("scopes", "list"))

        assert header[-1] == "PERMISSION"
        assert machines[2:5] == ["fake.machines", "complete", "3"]
        assert queues[2:4] == ["fake.queues", "denied"]
        assert queues[-1] == "fake:List"

    def test_filters_and_json(self, cloudops, ledger):
        done = cloudops(
            "scopes", "list", "--status", "complete", "--account", ACCOUNT, "-o", "json"
        )

        (row,) = json.loads(done.stdout)
        assert (row["listing"], row["item_count"]) == ("fake.machines", 3)

    def test_a_status_that_does_not_exist_is_refused(self, cloudops):
        done = cloudops("scopes", "list", "--status", "fine")

        assert done.returncode == 2
        assert "denied" in done.stderr  # the ones that do


READERS = [
    ("resources", "list"),
    ("resources", "list", "-o", "csv"),
    ("resources", "show", "i-0abc"),
    ("resources", "history", "i-0abc", "-o", "json"),
    ("scopes", "list"),
]


def test_an_account_that_is_no_text_is_refused(cloudops):
    done = cloudops("scopes", "list", "--account", os.fsdecode(b"\xff"))

    assert done.returncode == 2
    assert "is not UTF-8" in done.stderr


def test_a_role_that_may_not_read_is_told_what_to_grant(cloudops, engine):
    execute(engine, "REVOKE SELECT ON inventory FROM current_user")  # even an owner needs it

    done = cloudops("resources", "list")

    assert done.returncode == 1
    assert "(to read: SELECT on all tables and views of the schema)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("id_", "hinted"), [("i-0abc1234", False), ("web", True)])
def test_an_id_is_not_advised_to_be_looked_for_as_a_name(cloudops, id_, hinted):
    done = cloudops("resources", "show", id_)

    assert done.returncode == 2
    assert ("--name" in done.stderr) is hinted


@pytest.mark.parametrize("command", READERS, ids=" ".join)
class TestWhatGoesWrong:
    def test_a_database_that_is_away_is_one_line_and_exit_1(self, cloudops, postgres, command):
        postgres.stop()

        done = cloudops(*command)

        assert done.returncode == 1
        assert done.stderr.startswith("error: database: ")
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
        assert "Traceback" not in done.stderr

    def test_an_empty_database_is_told_with_its_cure(self, command, database_url):
        done = Command({"CLOUDOPS_DATABASE_URL": database_url})(*command)

        assert done.returncode == 2
        assert "run `cloudops migrate`" in done.stderr

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({}, "set CLOUDOPS_DATABASE_URL"),
            (
                {"CLOUDOPS_DATABASE_URL": "postgresql://u:canary@localhost/x?nope=1"},
                "no connection option 'nope'",
            ),
            ({"CLOUDOPS_WORKER_POLL_SECONDS": "inf"}, "CLOUDOPS_WORKER_POLL_SECONDS"),
            ({"CLOUDOPS_DATABASE_URL": "nonsense"}, "CLOUDOPS_DATABASE_URL is no URL"),
            (
                {"CLOUDOPS_DATABASE_URL": "mysql://root:canary@db/x"},
                "must start with postgresql://",
            ),
            (
                {"CLOUDOPS_DATABASE_URL": "postgresql://localhost/x", "CLOUDOPS_HTTP_PORT": "x"},
                "CLOUDOPS_HTTP_PORT",
            ),
            (
                {"CLOUDOPS_WORKER_THREADS": "0", "CLOUDOPS_LOG_LEVEL": "LOUD"},
                "CLOUDOPS_LOG_LEVEL",
            ),
        ],
    )
    def test_bad_settings_are_named_and_exit_2(self, command, settings, message):
        done = Command(settings)(*command)

        assert done.returncode == 2
        assert message in done.stderr
        assert "canary" not in done.stderr
        assert done.stderr.count("\n") == 1
