"""Edges follow the document that names them, whichever way it came in."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from cloudops.domain.reading import EdgeFrom, EdgeTo
from cloudops.domain.resource import Edge, Facet, resource_uid
from cloudops.services.maintenance import MaintenanceService
from cloudops.services.reading import ReadingService
from cloudops.store import single
from tests.fakes.cloud import CLOUD, observe
from tests.integration.store.seeding import Ledger, execute, one, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

both_paths = pytest.mark.parametrize("staged", [False, True], ids=["memory", "staged"])


@pytest.fixture
def service(engine):
    return ReadingService(engine)


def to(target, relation="disk", *, known=True):
    return Edge(relation, target, resource_uid(CLOUD, target) if known else None)


def naming(name, *edges, **facts):
    """A resource whose document names the targets of `edges`."""
    document = {"Id": name, "Names": [[e.relation, e.target, str(e.target_uid)] for e in edges]}
    return observe(name, document=document, edges=edges, **facts)


def edges(engine):
    """(source, relation, target, whether it has a key) of every edge."""
    found = rows(
        engine,
        "SELECT r.canonical_id, e.relation, e.target, e.target_uid FROM edge e"
        " LEFT JOIN resource r USING (uid) ORDER BY 1, 2, 3",
    )
    assert all(row.target_uid in {None, resource_uid(CLOUD, row.target)} for row in found), (
        "a target has the key of another"
    )
    return [(row[0], row[1], row[2], row[3] is not None) for row in found]


def versions(engine):
    """Of each row that is stored of edges; another after any write."""
    return rows(engine, "SELECT ctid, xmin, target FROM edge ORDER BY target")


def unasked(_document):
    raise AssertionError("the document did not change")


class Statements:
    """What is sent from now on."""

    def __init__(self, engine):
        self._sent: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *sent: self._sent.append(sent[2]))

    def about(self, table):
        return [statement for statement in self._sent if f" {table} " in statement]


ODD = "arn:\ufffd:ü\U0001f600:a'b\"c\\d{e},(f)"
ONE = naming("a", to("d-1"), to("d-2"), to("n-1", "network"), to("who?", "image", known=False))


class TestLoading:
    @pytest.mark.parametrize(
        "options",
        [{}, {"staged": True}, {"staged": True, "has_rows": False}, {"has_rows": False}],
        ids=["memory", "staged", "direct", "first-in-memory"],
    )
    def test_what_a_document_names_is_stored(self, engine, ledger, options):
        """Fails if a path stores other edges than the others do."""
        ledger.pass_over([ONE, naming("b", to(ODD))], [observe("c")], **options)

        assert edges(engine) == [
            ("a", "disk", "d-1", True),
            ("a", "disk", "d-2", True),
            ("a", "image", "who?", False),
            ("a", "network", "n-1", True),
            ("b", "disk", ODD, True),
        ]

    @both_paths
    def test_those_that_it_does_not_name_any_more_go(self, engine, ledger, staged):
        ledger.pass_over([ONE, naming("b", to("d-1"))], staged=staged)

        ledger.pass_over([naming("a", to("d-2"), to("d-3")), observe("b")], staged=staged)

        assert edges(engine) == [("a", "disk", "d-2", True), ("a", "disk", "d-3", True)]

    @both_paths
    def test_of_a_target_that_becomes_known_there_is_one_edge(self, engine, ledger, staged):
        ledger.pass_over([naming("a", to("d-1", known=False))], staged=staged)
        ledger.pass_over([naming("a", to("d-1"))], staged=staged)

        assert edges(engine) == [("a", "disk", "d-1", True)]

    @both_paths
    def test_the_same_again_writes_nothing_and_is_not_even_looked_at(self, engine, ledger, staged):
        """Fails if a pass that changes nothing reads edges out of documents, or replaces them."""
        shown = [ONE, naming("b", to("d-1"))]
        ledger.pass_over(shown, staged=staged)
        before, sent = versions(engine), Statements(engine)

        ledger.pass_over([replace(item, find_edges=unasked) for item in shown], staged=staged)

        # A long listing asks of an empty stage, and of what is back from the dead: nothing.
        assert len(sent.about("edge")) == (2 if staged else 0)
        assert versions(engine) == before

    @both_paths
    def test_what_still_is_named_is_not_written_again(self, engine, ledger, staged):
        ledger.pass_over([ONE], staged=staged)
        before = versions(engine)

        ledger.pass_over([naming("a", *ONE.edges, to("z-9"))], staged=staged)

        assert versions(engine)[:-1] == before

    @both_paths
    def test_a_thousand_edges_of_one_resource(self, engine, ledger, staged):
        many = [to(f"d-{n}") for n in range(1_000)]
        ledger.pass_over([naming("a", *many)], staged=staged)
        assert one(engine, "SELECT count(*) FROM edge") == 1_000

        ledger.pass_over([naming("a", *many[500:], to("d-new"))], staged=staged)

        assert one(engine, "SELECT count(*) FROM edge") == 501

    @pytest.mark.parametrize("has_rows", [True, False], ids=["staged", "direct"])
    def test_of_an_item_on_two_pages_the_last_word_counts(self, engine, ledger, has_rows):
        pages = ([naming("a", to("d-1"))], [naming("a", to("d-2"))])

        ledger.pass_over(*pages, staged=True, has_rows=has_rows)

        assert edges(engine) == [("a", "disk", "d-2", True)]

    def test_tags_have_no_edges_and_change_none(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
        ledger.pass_over([ONE])
        before = versions(engine)

        tags = observe("a", facet=Facet.TAGS, document={"team": "web"})
        ledger.pass_over([tags], name="fake.tagging", facet=Facet.TAGS)

        assert versions(engine) == before

    def test_another_listing_that_takes_the_resource_over_takes_its_edges_over(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
        ledger.pass_over([ONE])

        ledger.pass_over([naming("a", to("q-1"))], name="fake.queues")

        assert edges(engine) == [("a", "disk", "q-1", True)]


class TestLife:
    def test_a_resource_that_is_gone_keeps_its_edges_until_it_is_forgotten(
        self, engine, ledger, service
    ):
        ledger.pass_over([naming("a", to("b")), naming("b", to("a"))])
        ledger.pass_over([observe("c")])
        ledger.sweep()

        assert rows(engine, "SELECT * FROM relation") == []
        assert service.resource("a").edges_to == (EdgeTo("disk", "b", None, None),)

        execute(engine, "UPDATE resource SET deleted_at = now() - interval '31 days'")
        MaintenanceService(engine).run()
        assert one(engine, "SELECT count(*) FROM edge") == 0

    @both_paths
    def test_one_that_is_back_unchanged_has_its_edges_again(self, engine, ledger, staged):
        ledger.pass_over([naming("a", to("b")), observe("b")], staged=staged)
        ledger.pass_over([observe("b")], staged=staged)
        ledger.sweep()

        ledger.pass_over([naming("a", to("b")), observe("b")], staged=staged)

        [found] = rows(engine, "SELECT * FROM relation")
        assert (found.source_id, found.target_id) == ("a", "b")

    def test_a_part_that_is_dropped_takes_its_edges_along(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
        ledger.pass_over([ONE])
        tags = {"name": "fake.tagging", "facet": Facet.TAGS}
        ledger.pass_over([observe("a", facet=Facet.TAGS, document={"team": "web"})], **tags)
        execute(
            engine,
            "INSERT INTO edge (uid, facet, relation, target) VALUES (:uid, 'tags', 'x', 'y')",
            uid=ONE.uid,
        )

        ledger.pass_over(**tags)
        ledger.sweep("fake.tagging", facet=Facet.TAGS)

        assert [relation for _, relation, _, _ in edges(engine)] == [
            *("disk", "disk", "image", "network")
        ]


class TestReading:
    def test_the_view_has_both_ends_and_keeps_what_is_not_known(self, engine, ledger):
        ledger.pass_over([naming("a", to("b"), to("gone"), to("who?", known=False)), observe("b")])

        found = rows(engine, "SELECT * FROM relation ORDER BY target")

        assert [(row.source_id, row.target, row.target_id, row.target_type) for row in found] == [
            ("a", "b", "b", "Fake::Machine"),
            ("a", "gone", None, None),
            ("a", "who?", None, None),
        ]
        assert found[0].source_type == "Fake::Machine"
        assert [row.target_uid for row in found] == [resource_uid(CLOUD, "b"), None, None]

    def test_a_target_that_is_listed_later_is_known_then(self, engine, ledger):
        ledger.pass_over([naming("a", to("b"))])
        assert one(engine, "SELECT target_id FROM relation") is None

        ledger.pass_over([naming("a", to("b")), observe("b")])

        assert one(engine, "SELECT target_id FROM relation") == "b"

    def test_a_retired_end_is_not_known(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
        ledger.pass_over([naming("a", to("q"))])
        ledger.pass_over([naming("q", to("a", "owner"))], name="fake.queues")
        execute(engine, "UPDATE scope SET retired_at = now() WHERE listing = 'fake.queues'")

        found = rows(engine, "SELECT source_id, target, target_id FROM relation")

        assert [tuple(row) for row in found] == [("a", "q", None)]

    def test_a_resource_shows_its_edges_both_ways(self, ledger, service):
        ledger.pass_over(
            [naming("a", to("b"), to("gone", "image")), naming("b", to("a", "owner")), observe("c")]
        )

        found = service.resource("a")

        assert found.edges_to == (
            EdgeTo("disk", "b", "b", "Fake::Machine"),
            EdgeTo("image", "gone", None, None),
        )
        assert found.edges_from == (EdgeFrom("owner", "b", "Fake::Machine"),)
        assert found.edges_from_total == 1

    def test_who_names_a_deleted_one_is_still_told(self, ledger, service):
        ledger.pass_over([naming("a", to("b")), observe("b")])
        ledger.pass_over([naming("a", to("b"))])
        ledger.sweep()

        assert service.resource("b").edges_from == (EdgeFrom("disk", "a", "Fake::Machine"),)

    def test_of_very_many_the_first_are_shown_and_all_are_counted(
        self, ledger, service, monkeypatch
    ):
        monkeypatch.setattr(single, "EDGES_FROM", 3)
        ledger.pass_over([observe("b"), *(naming(f"a-{n}", to("b")) for n in range(5))])

        found = service.resource("b")

        assert [edge.canonical_id for edge in found.edges_from] == ["a-0", "a-1", "a-2"]
        assert found.edges_from_total == 5
