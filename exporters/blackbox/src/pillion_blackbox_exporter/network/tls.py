"""TLS over a stream: the handshake as a phase, and what is reported of it, good or bad."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.network.certificates import (
    Certificate,
    certificates_of_message,
    parse_certificate,
)
from pillion_blackbox_exporter.network.ciphers import iana_name
from pillion_blackbox_exporter.network.contexts import RecordingSslObject
from pillion_blackbox_exporter.network.metrics import (
    EARLIEST_EXPIRY,
    LAST_CHAIN_EXPIRY,
    LAST_CHAIN_INFO,
    TLS_CIPHER,
    TLS_VERSION,
)
from pillion_blackbox_exporter.probing.failure import ProbeError

if TYPE_CHECKING:
    from pillion_blackbox_exporter.network.stream import Stream
    from pillion_blackbox_exporter.probing.failure import Reason
    from pillion_blackbox_exporter.probing.probe import Probe

_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
_TLS13 = 0x0304
_DER = 2  # _ssl.ENCODING_DER
_NAMES_LENGTH_LIMIT = 16_384
_VERIFY_REASONS: dict[int, Reason] = {
    9: "tls_not_yet_valid",
    10: "tls_expired",
    23: "tls_revoked",
    62: "tls_hostname",
    64: "tls_hostname",
}


async def handshake(
    probe: Probe, stream: Stream, context: ssl.SSLContext, server_name: str, *, cipher: bool = False
) -> None:
    """Begin TLS, and report the certificates whether they are good or not.

    Args:
        probe: where it is reported, and whose phase `tls` it is.
        stream: connected, without TLS.
        context: whom to trust.
        server_name: whom the certificate must be for; sent as SNI unless it is an address.
        cipher: whether `probe_tls_cipher_info` is reported as well.

    Raises:
        ProbeError: the certificate is bad, or the other side does not speak TLS.
    """
    probe.trace.begin("tls")
    if context.check_hostname and not server_name:
        raise ProbeError("configuration", "there is no host name to verify: set server_name")
    try:
        await stream.handshake(context, server_name or None)
    except ssl.SSLCertVerificationError as error:
        _report_certificates(probe, stream)
        reason = _VERIFY_REASONS.get(error.verify_code, "tls_untrusted")
        raise ProbeError(reason, f"the certificate is refused: {error.verify_message}") from None
    except ssl.SSLError as error:
        said = str(error.reason or error.args[-1]).replace("_", " ").lower()
        raise ProbeError("tls_handshake", f"the TLS handshake failed: {said}") from None
    except ValueError:
        raise ProbeError("target", f"{server_name!r} is no host name for TLS") from None
    probe.trace.end(stream.received_at)
    _report_certificates(probe, stream)
    _report_session(probe, stream, cipher=cipher)


def _report_session(probe: Probe, stream: Stream, *, cipher: bool) -> None:
    assert stream.tls is not None
    version = _VERSIONS.get(stream.tls.version() or "", "unknown")
    probe.report.replace(TLS_VERSION, (("version", version),), 1)
    agreed = stream.tls.cipher()
    if cipher and agreed:
        probe.report.replace(TLS_CIPHER, (("cipher", iana_name(agreed[0])),), 1)


def _report_certificates(probe: Probe, stream: Stream) -> None:
    shown = _shown(stream)
    if not shown:
        return
    leaf = shown[0]
    chain = _verified(stream) or shown
    probe.report.set(EARLIEST_EXPIRY, min(each.not_after for each in shown))
    probe.report.set(LAST_CHAIN_EXPIRY, min(each.not_after for each in chain))
    labels = (
        ("fingerprint_sha256", leaf.fingerprint),
        ("subject", leaf.subject),
        ("issuer", leaf.issuer),
        ("subjectalternative", _joined(leaf.dns_names)),
        ("serialnumber", leaf.serial),
    )
    probe.report.replace(LAST_CHAIN_INFO, labels, 1)


def _shown(stream: Stream) -> list[Certificate]:
    """Return the certificates that the other side showed, the leaf first."""
    tls = stream.tls
    if not isinstance(tls, RecordingSslObject):
        return []
    is_tls13 = tls.certificate_version == _TLS13
    return _parsed(certificates_of_message(tls.certificate_message, is_tls13=is_tls13))


def _verified(stream: Stream) -> list[Certificate]:
    """Return the chain that was verified, its root included; empty when none was."""
    tls = stream.tls
    if tls is None or tls.context.verify_mode == ssl.CERT_NONE:
        return []
    # Public from Python 3.13 on; the same method of the object below it before.
    if hasattr(tls, "get_verified_chain"):
        return _parsed(tuple(tls.get_verified_chain()))
    chain = tls._sslobj.get_verified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001
    return _parsed(tuple(each.public_bytes(_DER) for each in chain))


def _parsed(chain: tuple[bytes, ...]) -> list[Certificate]:
    found: list[Certificate] = []
    for der in chain:
        try:
            found.append(parse_certificate(der))
        except ValueError:
            continue
    return found


def _joined(names: tuple[str, ...]) -> str:
    joined = ",".join(names)
    if len(joined) <= _NAMES_LENGTH_LIMIT:
        return joined
    kept = joined[:_NAMES_LENGTH_LIMIT].rpartition(",")[0]
    return f"{kept},and {len(names) - kept.count(',') - 1} more"
