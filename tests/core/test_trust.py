"""The system's certificates are read when they are needed, and a choice of others is kept."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path

import pytest

from pillion.trust import folder_alone, system_trust

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def unchosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    if system_trust()[0] is not None:
        pytest.skip("this system has no folder of certificates by hash")


def count(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509"]


@pytest.mark.usefixtures("unchosen")
def test_a_context_made_meanwhile_has_read_nothing_yet() -> None:
    with folder_alone():
        context = ssl.create_default_context()
    assert count(context) == 0
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.usefixtures("unchosen")
def test_the_environment_is_as_before_and_so_are_later_contexts() -> None:
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), folder_alone():
        raise ZeroDivisionError
    assert dict(os.environ) == before
    assert count(ssl.create_default_context()) > 0


@pytest.mark.usefixtures("unchosen")
def test_the_folder_that_is_left_holds_what_the_file_does() -> None:
    _, folder = system_trust()
    assert folder is not None
    whole = ssl.create_default_context().get_ca_certs(binary_form=True)
    hashed = [
        path for path in Path(folder).iterdir() if re.fullmatch(r"[0-9a-f]{8}\.\d+", path.name)
    ]
    by_hash = {ssl.PEM_cert_to_DER_cert(path.read_text()) for path in hashed}
    assert set(whole) <= by_hash


def test_a_file_that_the_environment_names_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = f"{tmp_path}/ca.pem"
    monkeypatch.setenv("SSL_CERT_FILE", chosen)
    with folder_alone():
        assert os.environ["SSL_CERT_FILE"] == chosen
