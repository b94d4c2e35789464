"""The assertion of OAuth2's JWT bearer grant (RFC 7523, 2.1): a JWT signed by RSA (RFC 7515)."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import OAuth2

GOOD_FOR = 600
_HASHES = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}


def assertion(config: OAuth2, key: str, now: float, identifier: str) -> str:
    """Return the signed assertion.

    Args:
        config: whose claims they are.
        key: the private key as PEM, without a passphrase.
        now: unix time, in seconds.
        identifier: what no other assertion has.

    Raises:
        ProbeError: the key cannot be used.
    """
    algorithm = config.signature_algorithm or "RS256"
    header = {"alg": algorithm, "typ": "JWT"}
    if config.client_certificate_key_id:
        header["kid"] = config.client_certificate_key_id
    claims = {
        "iss": config.iss or config.client_id,
        "sub": config.client_id,
        "aud": config.audience or config.token_url,
        "iat": int(now),
        "exp": int(now) + GOOD_FOR,
        "jti": identifier,
        **({"scope": " ".join(config.scopes)} if config.scopes else {}),
        **config.claims,
    }
    signed = b".".join(
        (_encoded(msgspec.json.encode(header)), _encoded(msgspec.json.encode(claims)))
    )
    signature = _private_key(key).sign(signed, padding.PKCS1v15(), _HASHES[algorithm])
    return (signed + b"." + _encoded(signature)).decode()


def _private_key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ProbeError(
            "configuration", "client_certificate_key is not a PEM private key"
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ProbeError("configuration", "client_certificate_key is not an RSA key")
    return key


def _encoded(data: bytes) -> bytes:
    text = binascii.b2a_base64(data, newline=False).rstrip(b"=")
    return text.replace(b"+", b"-").replace(b"/", b"_")
