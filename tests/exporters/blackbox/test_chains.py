"""Which chain is reported where several lead to something trusted, and names with a final dot."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.exporters.blackbox.probed import probed
from tests.servers.certificates import Authority
from tests.servers.wire import Visit, serving

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    days: int,
    *,
    ca: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        built = built.add_extension(names, critical=False)
    return built.sign(signer, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


async def end(visit: Visit) -> None:
    del visit


@pytest.mark.parametrize("order", [(1, 3), (3, 1)], ids=["old first", "new first"])
async def test_of_two_editions_of_a_root_the_longest_lived_chain_is_reported(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    roots = [certificate("root", root_key, root_key, days, ca=True) for days in order]
    leaf = certificate("localhost", leaf_key, root_key, 2, ca=False)
    (tmp_path / "ca.pem").write_bytes(pem(*roots))
    (tmp_path / "leaf.pem").write_bytes(pem(leaf))
    (tmp_path / "leaf.key").write_bytes(
        leaf_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf.pem", tmp_path / "leaf.key")
    module = f"prober: tcp\ntcp: {{preferred_ip_protocol: ip4, tls: true, tls_config: {{ca_file: {tmp_path}/ca.pem}}}}"
    async with serving(end, tls=context) as port:
        found = await probed(f"localhost:{port}", module)
    assert found.success, found.log
    expiry = found.value("probe_ssl_last_chain_expiry_timestamp_seconds")
    assert expiry == (NOW + timedelta(days=2)).timestamp()


@pytest.mark.parametrize("others", [0, 100])
@pytest.mark.parametrize("store", ["file", "folder"])
async def test_the_longest_lived_chain_is_reported_with_the_systems_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, others: int
) -> None:
    """The system's store is where the environment says, as for every program with OpenSSL."""
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    roots = [certificate("root", root_key, root_key, days, ca=True) for days in (1, 3)]
    more = [
        certificate(f"root {number}", root_key, root_key, 9, ca=True) for number in range(others)
    ]
    leaf = certificate("localhost", leaf_key, root_key, 2, ca=False)
    (tmp_path / "leaf.pem").write_bytes(pem(leaf))
    (tmp_path / "leaf.key").write_bytes(
        leaf_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    folder = tmp_path / "store"
    folder.mkdir()
    for number, each in enumerate([*roots, *more]):
        (folder / f"{number}.pem").write_bytes(pem(each))
    subprocess.run(["openssl", "rehash", str(folder)], check=True)
    (tmp_path / "ca.pem").write_bytes(pem(*roots, *more))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / ("ca.pem" if store == "file" else "none")))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder if store == "folder" else tmp_path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf.pem", tmp_path / "leaf.key")
    async with serving(end, tls=context) as port:
        module = "prober: tcp\ntcp: {preferred_ip_protocol: ip4, tls: true}"
        found = await probed(f"localhost:{port}", module)
    assert found.success, found.log
    expiry = found.value("probe_ssl_last_chain_expiry_timestamp_seconds")
    assert expiry == (NOW + timedelta(days=2)).timestamp()


@pytest.mark.parametrize("where", ["hostname", "server_name"])
async def test_a_final_dot_of_a_name_is_no_part_of_it_for_tls(tmp_path: Path, where: str) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    seen: list[str | None] = []
    context.sni_callback = lambda _, name, __: seen.append(name)
    name = "server_name: localhost., " if where == "server_name" else ""
    module = f"prober: tcp\ntcp: {{preferred_ip_protocol: ip4, tls: true, tls_config: {{{name}ca_file: {authority.path}}}}}"
    async with serving(end, tls=context) as port:
        hostname = "localhost." if where == "hostname" else ""
        found = await probed(f"127.0.0.1:{port}", module, hostname=hostname)
    assert found.success, found.log
    assert seen == ["localhost"]
