"""TLS over a stream: the handshake, and what it showed, whether it was good or bad."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.certificates import (
    Certificate,
    certificates_of_message,
    longest_lived,
    parse_certificate,
)
from pillion_blackbox_exporter.network.ciphers import iana_name
from pillion_blackbox_exporter.network.contexts import RecordingSslObject

if TYPE_CHECKING:
    from pillion.net import Stream
    from pillion_blackbox_exporter.failure import Reason

_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
_TLS13 = 0x0304
_DER = 2  # _ssl.ENCODING_DER
_TRUSTED: WeakKeyDictionary[ssl.SSLContext, tuple[int, tuple[Certificate, ...]]] = (
    WeakKeyDictionary()
)
VERIFY_REASONS: dict[int, Reason] = {
    9: "tls_not_yet_valid",
    10: "tls_expired",
    23: "tls_revoked",
    62: "tls_hostname",
    64: "tls_hostname",
}


@dataclass(frozen=True, slots=True)
class Handshake:
    """What came of a handshake.

    Attributes:
        ended: when it was over, by the stream's clock.
        version: `TLS 1.3`, as it is reported; empty when it failed.
        cipher: the cipher suite, by IANA's name; empty when it failed.
        shown: the certificates that the other side showed, good or bad, the leaf first.
        verified: the chain that was verified, its root included; empty when none was.
        failure: why it failed, or None.
    """

    ended: float
    version: str = ""
    cipher: str = ""
    shown: tuple[Certificate, ...] = ()
    verified: tuple[Certificate, ...] = ()
    failure: ProbeError | None = None


async def handshake(stream: Stream, context: ssl.SSLContext, server_name: str) -> Handshake:
    """Begin TLS.

    Args:
        stream: connected, without TLS.
        context: whom to trust.
        server_name: whom the certificate must be for; sent as SNI unless it is an address.

    Raises:
        ProbeError: there is no name to verify, or the connection broke.
    """
    if context.check_hostname and not server_name:
        raise ProbeError("configuration", "there is no host name to verify: set server_name")
    server_name = server_name.removesuffix(".")  # a certificate and SNI have none (RFC 6066, 3)
    try:
        # A certificate has no trailing dot, and SNI must not (RFC 6066, 3).
        await stream.handshake(context, server_name.removesuffix(".") or None)
    except ssl.SSLCertVerificationError as error:
        reason = VERIFY_REASONS.get(error.verify_code, "tls_untrusted")
        failure = ProbeError(reason, f"the certificate is refused: {error.verify_message}")
        return Handshake(stream.now(), shown=_shown(stream), failure=failure)
    except ssl.SSLError as error:
        said = str(error.reason or error.args[-1]).replace("_", " ").lower()
        failure = ProbeError("tls_handshake", f"the TLS handshake failed: {said}")
        return Handshake(stream.now(), failure=failure)
    except ValueError:
        raise ProbeError("target", f"{server_name!r} is not a host name for TLS") from None
    assert stream.tls is not None
    agreed = stream.tls.cipher()
    return Handshake(
        stream.received_at,
        _VERSIONS.get(stream.tls.version() or "", "unknown"),
        iana_name(agreed[0]) if agreed else "",
        _shown(stream),
        _verified(stream),
    )


def _shown(stream: Stream) -> tuple[Certificate, ...]:
    tls = stream.tls
    if not isinstance(tls, RecordingSslObject):
        return ()
    is_tls13 = tls.certificate_version == _TLS13
    return _parsed(certificates_of_message(tls.certificate_message, is_tls13=is_tls13))


def _verified(stream: Stream) -> tuple[Certificate, ...]:
    tls = stream.tls
    if tls is None or tls.context.verify_mode == ssl.CERT_NONE:
        return ()
    # Public from Python 3.13 on; the same method of the object below it before.
    if hasattr(tls, "get_verified_chain"):
        chain = _parsed(tuple(tls.get_verified_chain()))
    else:
        found = tls._sslobj.get_verified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001
        chain = _parsed(tuple(each.public_bytes(_DER) for each in found))
    return longest_lived(chain, _trusted(tls.context))


def _trusted(context: ssl.SSLContext) -> tuple[Certificate, ...]:
    """Return what a context trusts; parsed anew only when OpenSSL has loaded more of a folder."""
    count = context.cert_store_stats()["x509_ca"]
    known = _TRUSTED.get(context)
    if known is None or known[0] != count:
        found = _parsed(tuple(context.get_ca_certs(binary_form=True)))
        known = _TRUSTED[context] = (count, found)
    return known[1]


def _parsed(chain: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    for der in chain:
        try:
            found.append(parse_certificate(der))
        except ValueError:
            continue
    return tuple(found)
