"""How tests drive the operator's processes, tried on a stand-in for the operator."""

import pytest

from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.integration

STAND_IN = """
import http.server, os, signal, sys

class Probe(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["CLOUDOPS_LOG_FORMAT"].encode())

    def log_message(self, *arguments):
        print("asked for", self.path, flush=True)

if "--fail" in os.environ.get("STAND_IN", ""):
    sys.exit("no database")
if "--stubborn" in os.environ.get("STAND_IN", ""):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
address = (os.environ["CLOUDOPS_HTTP_HOST"], int(os.environ["CLOUDOPS_HTTP_PORT"]))
http.server.HTTPServer(address, Probe).serve_forever()
"""


@pytest.fixture
def start(tmp_path):
    package = tmp_path / "cloudops"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(STAND_IN)
    started = []

    def start_with(options=""):
        environment = {"PYTHONPATH": str(tmp_path), "STAND_IN": options}
        process = OperatorProcess("worker", environment, tmp_path / "logs")
        process.start()
        started.append(process)
        return process

    yield start_with
    for process in started:
        process.kill()


def test_it_is_ready_when_its_probe_says_so(start):
    process = start()
    process.wait_ready()

    assert process.get("/readyz") == (200, "json")
    assert "asked for /readyz" in process.log_text()


def test_stopping_answers_the_exit_code(start):
    process = start()
    process.wait_ready()

    assert process.stop() == 7


def test_overstaying_sigterm_fails_and_ends_it(start):
    process = start("--stubborn")
    process.wait_ready()
    with pytest.raises(AssertionError, match="ran on 1 s after SIGTERM"):
        process.stop(timeout=1)

    assert process.exit_code == -9


def test_an_exit_at_startup_is_told_at_once_with_the_log(start):
    process = start("--fail")
    with pytest.raises(RuntimeError, match="exited 1:\nno database"):
        process.wait_ready(timeout=60)


def test_a_paused_process_answers_again_after_it_is_resumed(start):
    process = start()
    process.wait_ready()
    process.pause()
    with pytest.raises(TimeoutError):
        process.get("/readyz", timeout=1)
    process.resume()

    assert eventually(lambda: process.get("/readyz"))[0] == 200


def test_a_killed_process_can_be_started_again_on_its_port(start):
    process = start()
    process.wait_ready()
    process.kill()
    process.start()
    process.wait_ready()

    assert process.exit_code is None
