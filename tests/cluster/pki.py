"""Certificates and keys of one control plane: three authorities, so that none opens another door.

`ca` signs the API server and its users, `etcd-ca` whatever talks to etcd, `front-proxy-ca` the
API server's calls to aggregated ones. Without the split any client certificate of the cluster
would open etcd.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=3650)
_CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Pki:
    """Every file has its place from the start; `write` fills them once."""

    folder: Path

    def pair(self, name: str) -> Pair:
        return Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")

    @property
    def service_account_key(self) -> Path:
        return self.folder / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        return self.folder / "service-account.pub"

    def write(self, addresses: Sequence[str]) -> None:
        """Make everything; `addresses` are the IPs by which the API server is called."""
        self.folder.mkdir(parents=True, mode=0o700)
        cluster = _Authority.create(self.pair("ca"), "cloudops-ca")
        cluster.issue(self.pair("apiserver"), "kube-apiserver", hosts=[*_API_NAMES, *addresses])
        cluster.issue(self.pair("admin"), "admin", group="system:masters")
        manager = "system:kube-controller-manager"
        cluster.issue(self.pair("controller-manager"), manager, group=manager)
        etcd = _Authority.create(self.pair("etcd-ca"), "cloudops-etcd-ca")
        etcd.issue(self.pair("etcd"), "etcd", hosts=["localhost", "127.0.0.1"])
        etcd.issue(self.pair("etcd-client"), "kube-apiserver")
        front = _Authority.create(self.pair("front-proxy-ca"), "cloudops-front-proxy-ca")
        front.issue(self.pair("front-proxy-client"), "front-proxy-client")
        tokens = ec.generate_private_key(ec.SECP256R1())
        _write_key(self.service_account_key, tokens)
        _write(
            self.service_account_public_key,
            tokens.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        )


_API_NAMES = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
]


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, into: Pair, name: str) -> "_Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name, "")
        usage = _key_usage(signs_certificates=True)
        certificate = (
            _builder(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        _write(into.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(into.key, key)
        return cls(certificate, key)

    def issue(self, into: Pair, name: str, *, group: str = "", hosts: Sequence[str] = ()) -> None:
        """Sign a certificate: for a client, and with `hosts` for a server of these names too."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(_name(name, group), self.certificate.subject, key.public_key())
        if hosts:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        _write(into.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(into.key, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID)
    )


def _name(common_name: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    _write(path, pem)


def _write(path: Path, content: bytes) -> None:
    """Nobody else may read it, not even for the moment before a chmod."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
