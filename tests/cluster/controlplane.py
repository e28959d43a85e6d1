"""A control plane of our own: etcd, kube-apiserver and kube-controller-manager on this host.

No scheduler and no node: objects live and controllers act, but no pod runs. Everything is
kept in one folder (certificates, etcd's data, logs, process records, kubeconfig), with ports of
its own, so that several live side by side and each survives a reboot of the machine.
"""

import functools
import json
import shutil
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from pathlib import Path

from tests.cluster import processes
from tests.cluster.build import build, kubernetes_toolset
from tests.cluster.cluster import Cluster
from tests.cluster.components import (
    APISERVER,
    CONTROLLER_MANAGER,
    ETCD,
    Layout,
    Ports,
    apiserver_command,
    controller_manager_command,
    etcd_command,
    first_service_address,
)
from tests.cluster.kubeconfig import certificate_user, server_entry, write_kubeconfig
from tests.cluster.paths import locked
from tests.cluster.pki import Pki
from tests.cluster.ports import is_free
from tests.cluster.probes import ApiProbe, wait_until
from tests.cluster.reporting import ClusterError, say, tail

_OWN_PORT_ATTEMPTS = 3
# The API server waits long for watches that nobody ends, and has nothing to lose: etcd has all.
_GRACE_SECONDS = {ETCD: 20.0, APISERVER: 3.0, CONTROLLER_MANAGER: 5.0}


class LocalCluster(Cluster):
    """`port` fixes the API server's port, `audit` writes `logs/audit.log` with every request."""

    def __init__(self, directory: Path, *, port: int = 0, audit: bool = False) -> None:
        super().__init__(directory)
        self._fixed_port = port
        self._audit = audit
        self._layout = Layout(self.directory, audit=audit)
        self._records = self.directory / "processes"
        self._ports_file = self.directory / "ports.json"

    @property
    def kubectl(self) -> Path:
        return self._binaries / "kubectl"

    @functools.cached_property
    def _binaries(self) -> Path:
        return build(kubernetes_toolset())

    @property
    def logs(self) -> Path:
        return self._layout.logs

    @property
    def audit_log(self) -> Path:
        """Is there only with `audit`; see `tests.cluster.audit`."""
        return self._layout.audit_log

    def processes(self) -> dict[str, processes.ProcessRecord]:
        """What runs now, by component."""
        found = processes.recorded(self._records)
        return {name: one for name, one in found.items() if processes.is_running(one)}

    def start(self) -> None:
        """Reuse what is healthy; otherwise start again on the data that is there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with locked(self.directory / "lock"):
            if self._is_healthy():
                say(f"The control plane in {self.directory} is up already.")
                return
            self._stop_processes()
            _ = self._binaries
            self._prepare()
            self._start_components()
        say(f"Kubernetes is ready at {self._url()}.")

    def stop(self, *, keep: bool = False) -> None:
        """Stop what was recorded, and without `keep` remove data, keys and logs as well."""
        if not self.directory.exists():
            return
        with locked(self.directory / "lock"):
            self._stop_processes()
            if keep:
                return
            # Name by name: the folder was chosen by the caller and may hold more than ours.
            for folder in (self._records, *self._layout.folders()):
                shutil.rmtree(folder, ignore_errors=True)
            for file in (self.kubeconfig, self._ports_file, self._layout.audit_policy):
                file.unlink(missing_ok=True)

    def stop_apiserver(self) -> None:
        """Leave etcd and the controller manager alone with it: an API server that is away."""
        self._stop_component(APISERVER)

    def start_apiserver(self) -> None:
        """Start it where it was, and wait until it is ready."""
        ports = self._read_ports()
        self._spawn(APISERVER, apiserver_command(self._layout, self._binaries, ports))
        self._wait_ready()
        if CONTROLLER_MANAGER not in self.processes():
            # It gives up where it meets no API server while it starts; a kubelet would restart it.
            self._spawn(CONTROLLER_MANAGER, self._controller_manager_command())

    def restart_apiserver(self) -> None:
        self.stop_apiserver()
        self.start_apiserver()

    def _is_healthy(self) -> bool:
        if self.processes().keys() != {ETCD, APISERVER, CONTROLLER_MANAGER}:
            return False
        if self._fixed_port not in (0, self._read_ports().apiserver):
            return False
        return self._probe().is_ready()

    def _prepare(self) -> None:
        if not self._layout.pki.folder.exists():
            partial = self.directory / "pki.partial"
            shutil.rmtree(partial, ignore_errors=True)
            Pki(partial).write(["127.0.0.1", first_service_address()])
            partial.rename(self._layout.pki.folder)
        if self._audit:
            self._layout.write_audit_policy()

    def _start_components(self) -> None:
        for attempt in range(1, _OWN_PORT_ATTEMPTS + 1):
            ports = self._choose_ports()
            self._write_kubeconfigs()
            try:
                self._start_on(ports)
            except ClusterError:
                # Somebody may have taken a port between our look and our bind.
                self._stop_processes()
                if attempt == _OWN_PORT_ATTEMPTS or ports.all_free():
                    raise
            else:
                return

    def _start_on(self, ports: Ports) -> None:
        layout, binaries = self._layout, self._binaries
        self._spawn(ETCD, etcd_command(layout, binaries, ports))
        self._spawn(APISERVER, apiserver_command(layout, binaries, ports))
        self._wait_ready()
        self._spawn(CONTROLLER_MANAGER, self._controller_manager_command())
        self._wait_for(
            self._probe().has_default_service_account,
            "the first ServiceAccount",
            needed={ETCD, APISERVER, CONTROLLER_MANAGER},
        )

    def _controller_manager_command(self) -> list[str | Path]:
        return controller_manager_command(self._layout, self._binaries)

    def _choose_ports(self) -> Ports:
        """The ports of last time, so that kubeconfigs stay true; new ones where they are taken."""
        if self._fixed_port and not is_free(self._fixed_port):
            raise ClusterError(f"port {self._fixed_port} is in use")
        if self._ports_file.exists():
            ports = self._read_ports()
            if ports.all_free() and self._fixed_port in (0, ports.apiserver):
                return ports
        ports = Ports.choose(self._fixed_port)
        self._ports_file.write_text(json.dumps(asdict(ports)))
        return ports

    def _read_ports(self) -> Ports:
        return Ports(**json.loads(self._ports_file.read_text()))

    def _url(self) -> str:
        return f"https://127.0.0.1:{self._read_ports().apiserver}"

    def _write_kubeconfigs(self) -> None:
        pki = self._layout.pki
        server = server_entry(self._url(), pki.pair("ca").certificate)
        write_kubeconfig(self.kubeconfig, server, certificate_user(pki.pair("admin")))
        write_kubeconfig(
            self._layout.controller_manager_kubeconfig,
            server,
            certificate_user(pki.pair("controller-manager")),
        )

    def _spawn(self, name: str, command: list[str | Path]) -> None:
        # A third as many garbage collections, which take a fifth of the API server's time.
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), "GOGC": "300"}
        log = self._layout.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.old"))
        processes.save(processes.spawn(name, command, log, environment), self._records)

    def _stop_component(self, name: str) -> None:
        found = processes.recorded(self._records).get(name)
        if found is not None:
            processes.stop(found, _GRACE_SECONDS[name])
            processes.forget(name, self._records)

    def _stop_processes(self) -> None:
        for name in (CONTROLLER_MANAGER, APISERVER, ETCD):
            self._stop_component(name)

    def _probe(self) -> ApiProbe:
        pki = self._layout.pki
        return ApiProbe(self._read_ports().apiserver, pki.pair("ca"), pki.pair("admin"))

    def _wait_ready(self) -> None:
        self._wait_for(self._probe().is_ready, "the API server", needed={ETCD, APISERVER})

    def _wait_for(self, condition: Callable[[], bool], what: str, needed: AbstractSet[str]) -> None:
        """Raises ClusterError with the log of whatever died, or of the API server on time-out."""

        def died() -> set[str]:
            return needed - self.processes().keys()

        if not wait_until(condition, died, what):
            logs = died() or {APISERVER}
            shown = "\n".join(tail(self._layout.logs / f"{name}.log") for name in sorted(logs))
            raise ClusterError(
                f"waited in vain for {what}; `down` removes the data in {self.directory}, should"
                f" that be what is broken:\n{shown}"
            )
