"""The command lines of the control plane, and the folders and ports that they share."""

import ipaddress
import json
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.cluster.pki import Pki
from tests.cluster.ports import free_port, is_free

ETCD = "etcd"
APISERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"

_SERVICE_RANGE = "10.96.0.0/16"
_ISSUER = "https://kubernetes.default.svc.cluster.local"


def first_service_address() -> str:
    """The ClusterIP of the `kubernetes` Service."""
    return str(ipaddress.ip_network(_SERVICE_RANGE)[1])


@dataclass(frozen=True, slots=True)
class Ports:
    """All on 127.0.0.1."""

    apiserver: int
    etcd: int
    etcd_peer: int

    @classmethod
    def choose(cls, apiserver: int = 0) -> "Ports":
        return cls(apiserver or free_port(), free_port(), free_port())

    def all_free(self) -> bool:
        return all(is_free(port) for port in astuple(self))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one control plane keeps what."""

    directory: Path
    audit: bool = False

    @property
    def pki(self) -> Pki:
        return Pki(self.directory / "pki")

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def data(self) -> Path:
        return self.directory / "etcd"

    @property
    def controller_manager_kubeconfig(self) -> Path:
        return self.pki.folder / "controller-manager.kubeconfig"

    @property
    def audit_policy(self) -> Path:
        return self.directory / "audit-policy.json"

    @property
    def audit_log(self) -> Path:
        return self.logs / "audit.log"

    def folders(self) -> tuple[Path, ...]:
        return (self.pki.folder, self.logs, self.data)

    def write_audit_policy(self) -> None:
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata"}],
        }
        self.audit_policy.write_text(json.dumps(policy))


def etcd_command(layout: Layout, binaries: Path, ports: Ports) -> list[str | Path]:
    client = f"https://127.0.0.1:{ports.etcd}"
    peer = f"https://127.0.0.1:{ports.etcd_peer}"
    server, authority = layout.pki.pair("etcd"), layout.pki.pair("etcd-ca").certificate
    return [
        binaries / ETCD,
        "--name=cloudops",
        f"--data-dir={layout.data}",
        # The data need not outlive a power cut, and syncing is most of the time of a write.
        "--unsafe-no-fsync",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=cloudops={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={authority}",
        f"--cert-file={server.certificate}",
        f"--key-file={server.key}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={authority}",
        f"--peer-cert-file={server.certificate}",
        f"--peer-key-file={server.key}",
        "--log-level=warn",
    ]


def apiserver_command(layout: Layout, binaries: Path, ports: Ports) -> list[str | Path]:
    pki = layout.pki
    server, etcd = pki.pair("apiserver"), pki.pair("etcd-client")
    audit = [
        f"--audit-policy-file={layout.audit_policy}",
        f"--audit-log-path={layout.audit_log}",
    ]
    return [
        binaries / APISERVER,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={ports.apiserver}",
        # The `kubernetes` Service may not point to loopback; nothing here uses it.
        "--endpoint-reconciler-type=none",
        f"--etcd-servers=https://127.0.0.1:{ports.etcd}",
        f"--etcd-cafile={pki.pair('etcd-ca').certificate}",
        f"--etcd-certfile={etcd.certificate}",
        f"--etcd-keyfile={etcd.key}",
        f"--tls-cert-file={server.certificate}",
        f"--tls-private-key-file={server.key}",
        f"--client-ca-file={pki.pair('ca').certificate}",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-key-file={pki.service_account_public_key}",
        f"--service-account-signing-key-file={pki.service_account_key}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={_SERVICE_RANGE}",
        "--allow-privileged=true",
        "--profiling=false",
        *_aggregation(pki),
        *(audit if layout.audit else []),
    ]


def _aggregation(pki: Pki) -> list[str]:
    """Lets an APIService stand for a server of ours, reached without kube-proxy."""
    client = pki.pair("front-proxy-client")
    return [
        "--enable-aggregator-routing=true",
        f"--proxy-client-cert-file={client.certificate}",
        f"--proxy-client-key-file={client.key}",
        f"--requestheader-client-ca-file={pki.pair('front-proxy-ca').certificate}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ]


def controller_manager_command(layout: Layout, binaries: Path) -> list[str | Path]:
    pki = layout.pki
    return [
        binaries / CONTROLLER_MANAGER,
        f"--kubeconfig={layout.controller_manager_kubeconfig}",
        f"--service-account-private-key-file={pki.service_account_key}",
        f"--root-ca-file={pki.pair('ca').certificate}",
        "--use-service-account-credentials",
        # There is only one, and it need not wait for the lease of the one before it.
        "--leader-elect=false",
        # Nobody asks it anything, so it needs no port.
        "--secure-port=0",
    ]
