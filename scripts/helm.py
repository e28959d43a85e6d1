"""Run Helm, built from its Go module on first use: `python -m scripts.helm template …`.

The binary lands in `${XDG_CACHE_HOME:-~/.cache}/cloudops-central/helm/<hash>/helm`: one build per
version, a minute or a few, then at once.
"""

import os
import sys
from pathlib import Path
from typing import Final

from tests.cluster.build import Toolset, build
from tests.cluster.paths import REPOSITORY
from tests.cluster.reporting import ClusterError

TOOLSET: Final = Toolset("helm", REPOSITORY / "tests" / "cluster" / "helm")


def binary() -> Path:
    """The path of a helm that fits its go.mod; built if it is not there yet.

    Raises:
        ClusterError: It can't be built; the message says why.
    """
    return build(TOOLSET) / "helm"


if __name__ == "__main__":
    try:
        helm = binary()
    except ClusterError as error:
        sys.exit(f"error: {error}")
    os.execv(helm, [str(helm), *sys.argv[1:]])  # noqa: S606  no shell is the point
