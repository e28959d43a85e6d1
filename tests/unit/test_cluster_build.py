"""What identifies built tools, and which of them there are."""

from dataclasses import replace

import pytest

from tests.cluster.build import Toolset, kubernetes_toolset, kubernetes_version

pytestmark = pytest.mark.unit


@pytest.fixture
def toolset(tmp_path):
    (tmp_path / "go.mod").write_text(
        "module example\n\ngo 1.26.0\n\ntool example.org/one/v4/cmd/first\n\n"
        "tool (\n\texample.org/second\n\texample.org/server/v3\n)\n"
    )
    (tmp_path / "go.sum").write_text("example.org/second v1.0.0 h1:x\n")
    return Toolset("tools", tmp_path)


def test_binaries_are_named_as_go_names_them(toolset):
    assert toolset.binaries() == ["first", "second", "server"]


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_a_changed_module_file_asks_for_new_binaries(toolset, name):
    before = toolset.key()
    with (toolset.module / name).open("a") as file:
        file.write("\n")

    assert toolset.key() != before


def test_changed_flags_ask_for_new_binaries(toolset):
    assert replace(toolset, ldflags="-s").key() != toolset.key()


def test_kubernetes_binaries_say_their_release():
    version = kubernetes_version()
    toolset = kubernetes_toolset()

    assert version.startswith("v1.")
    assert f"-X k8s.io/component-base/version.gitVersion={version}" in toolset.ldflags
    assert f"-X k8s.io/client-go/pkg/version.gitVersion={version}" in toolset.ldflags
    assert {"kube-apiserver", "kube-controller-manager", "kubectl", "server"} <= set(
        toolset.binaries()
    )
