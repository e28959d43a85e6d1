"""Building tools with the real Go, on a module small enough to take a second."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cluster.build import Toolset, build
from tests.cluster.reporting import ClusterError

pytestmark = pytest.mark.integration

MAIN = """package main

import "fmt"

var version = "unset"

func main() { fmt.Println("hello", version) }
"""


@pytest.fixture
def toolset(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    module = tmp_path / "module"
    (module / "server").mkdir(parents=True)
    (module / "go.mod").write_text("module example.test\n\ngo 1.26.0\n\ntool example.test/server\n")
    (module / "go.sum").touch()
    (module / "server/main.go").write_text(MAIN)
    return Toolset("example", module, "-s -w -X main.version=v1.2.3", {"server": "greeter"})


def test_tools_are_built_once_even_when_two_ask_at_the_same_time(toolset, capfd):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build, [toolset, toolset])
    greeting = subprocess.run([first / "greeter"], capture_output=True, text=True, check=True)

    assert first == second
    assert greeting.stdout == "hello v1.2.3\n"
    assert capfd.readouterr().err.count("Building greeter") == 1
    assert sorted(path.name for path in first.parent.iterdir()) == [".lock", first.name]


def test_a_tool_that_was_deleted_from_the_cache_is_built_again(toolset):
    (build(toolset) / "greeter").unlink()

    assert (build(toolset) / "greeter").exists()


def test_a_failed_build_tells_what_go_said_and_leaves_nothing(toolset):
    (toolset.module / "server/main.go").write_text("package main\n\nfunc main() { missing() }\n")
    with pytest.raises(ClusterError, match="undefined: missing"):
        build(toolset)

    folder = toolset.module.parent / "cache/cloudops-central/example"
    assert [path.name for path in folder.iterdir()] == [".lock"]
