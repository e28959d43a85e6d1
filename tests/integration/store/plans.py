"""What a statement's plan really did, as PostgreSQL tells it."""

from typing import Any

from sqlalchemy import Engine, TextClause, text

Node = dict[str, Any]


def plan_nodes(
    engine: Engine, statement: TextClause, *before: str, **parameters: Any
) -> list[Node]:
    """Every node of the plan, with its loops and rows as they really were; rolled back."""
    with engine.connect() as connection:
        for each in before:
            connection.execute(text(each))
        answer = connection.execute(
            text(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.text}"), parameters
        ).scalar_one()
        connection.rollback()
    waiting = [answer[0]["Plan"]]
    nodes = []
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting += node.get("Plans", [])
    return nodes


def touched(nodes: list[Node]) -> int:
    """How many rows all scans of tables looked at."""
    scans = [node for node in nodes if "Relation Name" in node or "Index Name" in node]
    return sum(
        node["Actual Loops"]
        * (
            node["Actual Rows"]
            + node.get("Rows Removed by Filter", 0)
            + node.get("Rows Removed by Index Recheck", 0)
        )
        for node in scans
    )
