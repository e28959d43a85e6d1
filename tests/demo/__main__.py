"""`python -m tests.demo up|down`: the operator on a real Kubernetes, with an AWS organization."""

import argparse
import shlex
import subprocess
import sys
import time

from tests.cluster.reporting import ClusterError, say
from tests.demo.estate import CLOUDPROVIDER, fill
from tests.demo.stack import NAMESPACE, Stack

READY_SECONDS = 600
_LINES_SHOWN = 15
_CONDITIONS = r'{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\n"}{end}'
_PROBLEMS = (
    "{range .status.problems[*]}{.reason} {.exampleAccount} {.exampleRegion}: {.message}"
    r'{"\n"}{end}'
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("command", choices=("up", "down"))
    command = parser.parse_args().command
    try:
        (_up if command == "up" else _down)(Stack())
    except ClusterError as error:
        say(f"error: {error}")
        return 1
    return 0


def _up(stack: Stack) -> None:
    began = time.monotonic()
    say("1/6 Kubernetes control plane")
    stack.cluster.start()
    say("2/6 custom resources, ServiceAccount and the rights that the project ships")
    stack.install()
    say("3/6 AWS emulator with an organization of four accounts")
    if stack.start_emulator():
        fill(stack.emulator_url)
    say("4/6 operator: controller, worker and an embedded PostgreSQL")
    database_url = stack.start_operator()
    say("5/6 CloudProvider")
    stack.cluster.run_kubectl(
        "apply",
        "--server-side",
        "-f",
        "-",
        stdin=CLOUDPROVIDER.replace("{url}", stack.emulator_url),
    )
    for condition in ("Ready", "InventorySynced=False"):
        stack.cluster.run_kubectl(
            "wait",
            f"--for=condition={condition}",
            "cloudprovider/aws-demo",
            f"--namespace={NAMESPACE}",
            f"--timeout={READY_SECONDS}s",
            timeout=READY_SECONDS + 30,
        )
    say(f"6/6 ready after {time.monotonic() - began:.0f} s\n")
    _show(stack, database_url)


def _show(stack: Stack, database_url: str) -> None:
    namespace = f"--namespace={NAMESPACE}"
    for arguments in (
        ("get", "cloudproviders", namespace),
        ("get", "cloudprovider", "aws-demo", namespace, f"-o=jsonpath={_CONDITIONS}"),
        ("get", "cloudprovider", "aws-demo", namespace, f"-o=jsonpath={_PROBLEMS}"),
        ("events", namespace, "--for=cloudprovider/aws-demo"),
    ):
        say(f"$ kubectl {shlex.join(arguments)}")
        say(stack.cluster.run_kubectl(*arguments).stdout)
    for words in (("resources", "list"), ("scopes", "list")):
        say(f"$ cloudops {' '.join(words)}")
        listed = subprocess.run(
            [sys.executable, "-m", "cloudops", *words, f"--database-url={database_url}"],
            capture_output=True,
            text=True,
            check=True,
        )
        say(_beginning(listed.stdout))
    say(
        "Everything is still running. Try:\n"
        f"  export KUBECONFIG={stack.cluster.kubeconfig}\n"
        f'  export PATH={stack.cluster.kubectl.parent}:{stack.environment_folder}:"$PATH"\n'
        f"  export CLOUDOPS_DATABASE_URL='{database_url}'\n"
        f"  kubectl describe cloudprovider aws-demo -n {NAMESPACE}\n"
        "  kubectl explain cloudprovider.spec.aws\n"
        f"  kubectl annotate cloudprovider aws-demo -n {NAMESPACE} --overwrite "
        'cloudops.dev/requestedAt="$(date -Is)"\n'
        "  cloudops resources list --type 'AWS::EC2::*' -o json\n"
        f"  curl -s localhost:{stack.operator_port}/metrics | grep ^cloudops\n"
        "  make demo-down"
    )


def _beginning(output: str) -> str:
    """What fits on a screen."""
    lines = output.splitlines()
    rest = len(lines) - _LINES_SHOWN
    return "\n".join([*lines[:_LINES_SHOWN], *([f"… and {rest} more"] if rest > 0 else []), ""])


def _down(stack: Stack) -> None:
    stack.stop()
    say("the demo is stopped, and its data removed")


if __name__ == "__main__":
    sys.exit(main())
