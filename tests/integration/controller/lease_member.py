"""A candidate that notes, fifty times a second, the moment at which it may write.

Arguments: the file, then namespace, name, lease, renew and retry seconds.
"""

import sys
import time
from pathlib import Path

from cloudops.controller.kube import KubeClient
from cloudops.controller.leader import Elector, LeaseTerms, boot_seconds, new_identity
from cloudops.kubernetes_access import load_configuration

target, namespace, name, *seconds = sys.argv[1:]
lease, renew, retry = map(float, seconds)
terms = LeaseTerms(namespace, name, new_identity("spawned"), lease, renew, retry)
elector = Elector(terms, KubeClient(load_configuration()), on_elected=lambda: None)
elector.start()
with Path(target).open("a") as notes:
    while True:
        now = boot_seconds()  # taken before the question: a stop in between must not look late
        if elector.may_write():
            notes.write(f"{now}\n")
            notes.flush()
        time.sleep(0.02)
