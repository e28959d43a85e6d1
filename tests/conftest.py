"""The fixtures of every suite live in `tests/fixtures`, one module a neighbour."""

pytest_plugins = [
    "tests.fixtures.run",
    "tests.fixtures.cluster",
    "tests.fixtures.postgres",
    "tests.fixtures.operator",
    "tests.fixtures.aws",
    "tests.fixtures.ministack",
    "tests.fixtures.notes",
]
