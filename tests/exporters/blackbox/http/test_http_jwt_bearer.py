"""OAuth2's JWT bearer grant: what is sent to the token server, and that OpenSSL verifies it."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from pathlib import Path

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("jwt") / "key.pem"
    openssl("genrsa", "-out", str(path), "2048")
    openssl("rsa", "-in", str(path), "-pubout", "-out", str(path.with_suffix(".pub")))
    return path


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def exchanged(key: Path, more: str) -> tuple[Probed, dict[str, str], str]:
    """Probe, and return what came of it, the form that was sent, and the probe's request."""
    forms: list[dict[str, str]] = []
    requests: list[str] = []

    async def give_token(visit: Visit) -> None:
        head = await visit.read_request()
        form = parse_qs((await visit.read_body(head)).decode())
        forms.append({name: values[0] for name, values in form.items()})
        await visit.write(response(b'{"access_token": "abc", "expires_in": 60}'))

    async def serve(visit: Visit) -> None:
        requests.append(await visit.read_request())
        await visit.write(response(b""))

    async with serving(give_token) as token_port, serving(serve) as port:
        text = f"""
            prober: http
            http:
              oauth2:
                client_id: me
                grant_type: {GRANT}
                client_certificate_key_file: {key}
                token_url: http://127.0.0.1:{token_port}/token
                {more}
        """
        result = await probed(f"127.0.0.1:{port}", text)
    return result, forms[0] if forms else {}, requests[0] if requests else ""


def parts_of(form: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    header, claims, signature = form["assertion"].split(".")
    signed = f"{header}.{claims}".encode()
    return json.loads(decoded(header)), json.loads(decoded(claims)), signed, decoded(signature)


@pytest.mark.parametrize(
    ("algorithm", "digest"), [("", "sha256"), ("RS384", "sha384"), ("RS512", "sha512")]
)
async def test_the_assertion_is_one_that_openssl_verifies(
    key: Path, tmp_path: Path, algorithm: str, digest: str
) -> None:
    more = f"signature_algorithm: {algorithm}" if algorithm else ""
    result, form, request = await exchanged(key, more)
    assert result.success, result.sentence
    assert "Authorization: Bearer abc\r\n" in request
    header, _, signed, signature = parts_of(form)
    assert header == {"alg": algorithm or "RS256", "typ": "JWT"}
    (tmp_path / "signed").write_bytes(signed)
    (tmp_path / "signature").write_bytes(signature)
    public = str(key.with_suffix(".pub"))
    openssl("dgst", f"-{digest}", "-verify", public, "-signature", f"{tmp_path}/signature", f"{tmp_path}/signed")  # fmt: skip


async def test_the_claims_are_those_of_the_client(key: Path) -> None:
    _, form, _ = await exchanged(key, "scopes: [a, b]")
    _, claims, _, _ = parts_of(form)
    assert form["grant_type"] == GRANT
    assert form["scope"] == claims["scope"] == "a b"
    assert claims["iss"] == claims["sub"] == "me"
    assert claims["aud"].endswith("/token")
    assert claims["exp"] - claims["iat"] == 600
    assert len(claims["jti"]) == 32


async def test_the_claims_can_be_set(key: Path) -> None:
    more = (
        "iss: issuer\n                audience: someone\n"
        "                client_certificate_key_id: k1\n"
        "                claims: {sub: user, tenant: 7, roles: [a]}\n"
        "                endpoint_params: {resource: r}"
    )
    _, form, _ = await exchanged(key, more)
    header, claims, _, _ = parts_of(form)
    assert header["kid"] == "k1"
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("issuer", "someone", "user")
    assert (claims["tenant"], claims["roles"]) == (7, ["a"])
    assert form["resource"] == "r"


async def test_a_key_that_is_none_fails_the_probe(key: Path) -> None:
    result, form, _ = await exchanged(key.with_suffix(".pub"), "")
    assert form == {}
    assert (result.reason, result.sentence) == (
        "configuration",
        "client_certificate_key is not a PEM private key",
    )
