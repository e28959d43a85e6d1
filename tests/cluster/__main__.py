"""`python -m tests.cluster build|up|down|env`: a Kubernetes for tests and the demo."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.build import build, kubernetes_toolset
from tests.cluster.choice import choose_cluster
from tests.cluster.controlplane import LocalCluster
from tests.cluster.paths import DEFAULT_DIRECTORY
from tests.cluster.reporting import ClusterError, say


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ClusterError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster",
        description="A Kubernetes for tests and the demo.",
        epilog="CLOUDOPS_CLUSTER=kind makes it with kind, CLOUDOPS_CLUSTER=current takes the"
        " cluster of the current kubectl context; else it is a control plane on this host.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("build", help="build the Kubernetes binaries").set_defaults(run=_build)
    up = commands.add_parser("up", help="start, or find running")
    up.add_argument("--port", type=int, default=0, help="the API server's port (default: any)")
    up.add_argument("--audit", action="store_true", help="write logs/audit.log")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help="stop, and remove its data")
    down.add_argument("--keep", action="store_true", help="keep its data for the next `up`")
    down.set_defaults(run=_down)
    env = commands.add_parser("env", help='print exports; use as eval "$(… env)"')
    env.set_defaults(run=_env)
    for command in (up, down, env):
        command.add_argument(
            "--dir", type=Path, default=DEFAULT_DIRECTORY, help="its folder (default: %(default)s)"
        )
    return parser


def _build(_: argparse.Namespace) -> None:
    print(build(kubernetes_toolset()))  # noqa: T201  the folder is what this command answers


def _up(options: argparse.Namespace) -> None:
    choose_cluster(options.dir, port=options.port, audit=options.audit).start()


def _down(options: argparse.Namespace) -> None:
    choose_cluster(options.dir).stop(keep=options.keep)


def _env(options: argparse.Namespace) -> None:
    cluster = choose_cluster(options.dir)
    if not cluster.kubeconfig.exists():
        raise ClusterError(f"no cluster in {cluster.directory}: run `up` first")
    folder = shlex.quote(str(cluster.kubectl.parent))
    exports = [f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}"]
    if isinstance(cluster, LocalCluster):
        exports.append(f'export PATH={folder}:"$PATH"')
    print("\n".join(exports))  # noqa: T201  a shell evaluates this


if __name__ == "__main__":
    sys.exit(main())
