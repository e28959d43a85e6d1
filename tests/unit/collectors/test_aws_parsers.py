"""What is parsed at the same time."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from botocore.model import StructureShape

from cloudops.collectors.aws.sdk import ParsersInTurn

pytestmark = pytest.mark.unit


class Answer(dict[str, object]):
    """An answer whose parser says when it begins and ends."""

    def __init__(self, name: str, said: list[str], may_end: threading.Event) -> None:
        super().__init__(status_code=200, headers={}, body=b"{}")
        self._steps = self._tell(name, said, may_end)

    def __getitem__(self, key: str) -> object:
        next(self._steps, None)
        return super().__getitem__(key)

    @staticmethod
    def _tell(name: str, said: list[str], may_end: threading.Event) -> Iterator[None]:
        said.append(f"{name} began")
        may_end.wait(30)
        said.append(f"{name} ends")
        yield


def test_one_page_is_parsed_at_a_time():
    """Fails if parsers do not wait: what they build on the way is many times a page."""
    parsers, said = ParsersInTurn(), list[str]()
    first, second = threading.Event(), threading.Event()
    second.set()

    def parse(answer: Answer) -> None:
        parsers.create_parser("json").parse(
            answer, StructureShape("Nothing", {"type": "structure", "members": {}})
        )

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(parse, Answer("first", said, first))]
        while not said:
            assert not running[0].done()
        running.append(threads.submit(parse, Answer("second", said, second)))
        wait(running[1:], timeout=0.5)  # nobody can see that it waits; without it, it ends
        first.set()
        for one in running:
            one.result(30)

    assert said == ["first began", "first ends", "second began", "second ends"]
