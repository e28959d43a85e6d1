"""A fake in another process: the control endpoint, what travels over it, and its client.

`POST /_control/call` takes `{"command": …, "arguments": {…}}`, a word of `commands.COMMANDS`,
and answers `{"result": …}` or `{"error": …}`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

from tests.fakes.aws.calls import Call
from tests.fakes.aws.commands import COMMANDS
from tests.fakes.aws.engine import Engine
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import Resource
from tests.fakes.aws.script import Script

ROOT = Path(__file__).parents[3]
_STOP_SECONDS = 60
_TYPES = {"Resource": Resource, "Fault": Fault, "Call": Call}


def encode(value: Any) -> Any:
    """To JSON; dataclasses, sets and datetimes carry their type in `$`."""
    if isinstance(value, Resource | Fault | Call):
        content = {key: encode(one) for key, one in asdict(value).items()}
        return {"$": type(value).__name__, "value": content}
    if isinstance(value, datetime):
        return {"$": "datetime", "value": value.isoformat()}
    if isinstance(value, set | frozenset):
        return {"$": "set", "value": sorted(value)}
    if isinstance(value, Mapping):
        return {key: encode(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [encode(one) for one in value]
    return value


def decode(value: Any) -> Any:
    if isinstance(value, list):
        return [decode(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind, content = value.get("$"), value.get("value")
    if kind in _TYPES:
        return _TYPES[kind](**decode(content))
    if kind == "datetime":
        return datetime.fromisoformat(str(content))
    if kind == "set":
        return set(content or ())
    return {key: decode(one) for key, one in value.items()}


class RemoteFakeAws(Script):
    """The script of a fake in another process.

    Raises (every method):
        RuntimeError: The fake refused the command; the message is the fake's own.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def _do(self, command: str, /, **arguments: Any) -> Any:
        body = json.dumps({"command": command, "arguments": encode(arguments)}).encode()
        request = Request(f"{self.url}/_control/call", data=body, method="POST")  # noqa: S310  always http on loopback
        with urlopen(request, timeout=600) as response:  # noqa: S310  as above
            answer = decode(json.load(response))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    @classmethod
    @contextmanager
    def spawn(cls, state: Path | None = None) -> Iterator[Self]:
        """Start `python -m tests.fakes.aws` on a free port, and stop it at the end."""
        command = [sys.executable, "-m", "tests.fakes.aws", "--port", "0"]
        if state is not None:
            command += ["--state", str(state)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                yield cls(json.loads(process.stdout.readline())["url"])
            finally:
                process.terminate()
                process.wait(_STOP_SECONDS)


def run_command(engine: Engine, body: bytes) -> bytes:
    """Serve one posted command; errors travel as text."""
    request = json.loads(body)
    try:
        command = COMMANDS[request["command"]]
        answer = {"result": encode(command(engine, **decode(request["arguments"])))}
    except (KeyError, TypeError, ValueError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    return json.dumps(answer).encode()
