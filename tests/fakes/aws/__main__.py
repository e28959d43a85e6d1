"""`python -m tests.fakes.aws --port 0 --state world.json`: the fake as a process.

Prints one line of JSON, `{"url": …, "pid": …}`, when it listens. SIGTERM stops it. With
`--state` it begins with the world in that file, if there is one, and saves it at the end.
"""

import argparse
import json
import os
import signal
import threading
from pathlib import Path

from tests.fakes.aws.commands import load, save
from tests.fakes.aws.control import decode, encode
from tests.fakes.aws.server import FakeAws


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path)
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with FakeAws(arguments.port) as aws:
        if arguments.state is not None and arguments.state.exists():
            load(aws.engine, decode(json.loads(arguments.state.read_text())))
        print(json.dumps({"url": aws.url, "pid": os.getpid()}), flush=True)  # noqa: T201  the protocol
        stop.wait()
        if arguments.state is not None:
            arguments.state.write_text(json.dumps(encode(save(aws.engine))))


if __name__ == "__main__":
    main()
