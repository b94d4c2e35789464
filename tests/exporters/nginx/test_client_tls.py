"""The files of the TLS flags are checked when the configuration is, before anything runs."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from pillion.errors import ConfigurationError
from pillion_nginx_exporter.fetch import ClientTls
from tests.servers.certificates import Authority, Pair

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue("client.example")


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "file.pem"
    path.write_text(text)
    return str(path)


def sentence(**settings: str | None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        ClientTls(ca_certificate=settings.get("ca"), certificate=settings.get("cert"), key=settings.get("key"))  # fmt: skip
    assert caught.value.exit_code == 1
    return str(caught.value)


def test_good_files_make_one_context(authority: Authority, pair: Pair) -> None:
    tls = ClientTls(verify=True, ca_certificate=authority.path, certificate=pair.certificate, key=pair.key)  # fmt: skip
    assert tls.context() is tls.context()
    assert tls.context().verify_mode is ssl.CERT_REQUIRED
    assert len(tls.context().get_ca_certs()) == 1


def test_without_verification_nothing_is_trusted_and_anything_taken() -> None:
    context = ClientTls().context()
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


def test_without_files_no_context_is_built_until_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ssl, "SSLContext", None)
    ClientTls(verify=True)


def test_a_file_that_is_not_there(tmp_path: Path, pair: Pair) -> None:
    gone = f"{tmp_path}/gone"
    assert sentence(ca=gone) == f"--nginx.ssl-ca-cert={gone}: No such file or directory"
    assert sentence(cert=gone, key=pair.key) == f"--nginx.ssl-client-cert={gone}: No such file or directory"  # fmt: skip
    assert sentence(cert=pair.certificate, key=gone) == f"--nginx.ssl-client-key={gone}: No such file or directory"  # fmt: skip


def test_a_file_that_is_a_folder(tmp_path: Path) -> None:
    assert sentence(ca=str(tmp_path)) == f"--nginx.ssl-ca-cert={tmp_path}: Is a directory"


@pytest.mark.parametrize("text", ["", "hello", "\udc80", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])  # fmt: skip
def test_an_authority_that_is_no_certificate(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.pem"
    path.write_text(text, errors="surrogateescape")
    assert sentence(ca=str(path)) == f"--nginx.ssl-ca-cert={path}: holds no PEM certificate"


def test_a_key_without_a_certificate_and_a_certificate_without_a_key(pair: Pair) -> None:
    assert sentence(key=pair.key) == f"--nginx.ssl-client-key={pair.key}: the certificate is missing; add --nginx.ssl-client-cert"  # fmt: skip
    assert sentence(cert=pair.certificate) == f"--nginx.ssl-client-cert={pair.certificate}: the key is missing; add --nginx.ssl-client-key"  # fmt: skip


def test_certificate_and_key_the_wrong_way_round(pair: Pair) -> None:
    assert sentence(cert=pair.key, key=pair.certificate) == f"--nginx.ssl-client-cert={pair.key}: holds no PEM certificate"  # fmt: skip
    assert sentence(cert=pair.certificate, key=pair.certificate) == f"--nginx.ssl-client-key={pair.certificate}: holds no PEM private key"  # fmt: skip


def test_the_key_of_another_certificate(authority: Authority, pair: Pair) -> None:
    other = authority.issue("other.example")
    assert sentence(cert=pair.certificate, key=other.key) == f"--nginx.ssl-client-key={other.key}: is not the key of the certificate in {pair.certificate}"  # fmt: skip


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(
    tmp_path: Path, pair: Pair
) -> None:
    with open(pair.key, "rb") as file:  # noqa: PTH123  # the path is text
        key = serialization.load_pem_private_key(file.read(), password=None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"sesame"),
        )
    )
    assert sentence(cert=pair.certificate, key=str(locked)) == f"--nginx.ssl-client-key={locked}: has a passphrase; write the key without one"  # fmt: skip


def test_a_broken_key(tmp_path: Path, pair: Pair) -> None:
    broken = written(tmp_path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert sentence(cert=pair.certificate, key=broken).startswith(f"--nginx.ssl-client-key={broken}: cannot be used with {pair.certificate}")  # fmt: skip
