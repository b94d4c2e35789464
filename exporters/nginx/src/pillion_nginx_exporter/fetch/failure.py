"""Why a fetch failed: foreign exceptions as a sentence with a reason of a bounded set."""

from __future__ import annotations

import errno
import ssl  # asyncio has it loaded already
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion.net import NetworkError

if TYPE_CHECKING:
    from pillion_nginx_exporter.target import Endpoint

REASONS = (
    "denied",  # the socket's permissions keep us out
    "dns",
    "parse",  # an answer that is no status page
    "protocol",  # an answer that is no HTTP
    "redirect",  # to nowhere, or without an end
    "refused",
    "reset",
    "status",  # an answer other than 200
    "timeout",
    "tls",
    "tls_untrusted",
    "too_large",
    "unreachable",
)

_BY_NUMBER = {
    errno.ECONNREFUSED: ("refused", "refused the connection"),
    errno.ENOENT: ("refused", "is not there"),
    errno.ENOTSOCK: ("refused", "is not a socket"),
    errno.EACCES: ("denied", "may not be opened by this user"),
    errno.EPERM: ("denied", "may not be opened by this user"),
    errno.ECONNRESET: ("reset", "closed the connection"),
    errno.ECONNABORTED: ("reset", "closed the connection"),
    errno.EPIPE: ("reset", "closed the connection"),
    errno.ETIMEDOUT: ("timeout", "did not answer in time"),
    errno.EHOSTUNREACH: ("unreachable", "cannot be reached"),
    errno.ENETUNREACH: ("unreachable", "cannot be reached"),
}


_BY_REASON = {
    "closed": ("reset", "closed the connection before its answer was complete"),
    "permission": ("denied", "may not be opened by this user"),
    "protocol": ("protocol", "answered with something that is not HTTP/1.1"),
    "refused": ("refused", "refused the connection"),
    "reset": ("reset", "closed the connection"),
    "timeout": ("timeout", "did not answer in time"),
    "too_large": ("too_large", "answered more than 64 KiB"),
    "unreachable": ("unreachable", "cannot be reached"),
}


def translated(error: OSError | NetworkError, who: Endpoint | str) -> TransientError:
    """Return the error that says what `error` means for a connection to `who`."""
    if isinstance(error, NetworkError):
        reason, phrase = _BY_REASON[error.reason]
        return TransientError(f"{who} {phrase}", reason=reason)
    if isinstance(error, TimeoutError):
        return TransientError(f"{who} did not answer in time", reason="timeout")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or error.reason or "verification failed"
        return TransientError(
            f"the certificate of {who} is not trusted: {why}", reason="tls_untrusted"
        )
    if isinstance(error, ssl.SSLError):
        why = (error.reason or str(error)).replace("_", " ").lower()
        return TransientError(f"TLS with {who} failed: {why}", reason="tls")
    reason, phrase = _BY_NUMBER.get(error.errno or 0, ("", ""))
    if reason:
        return TransientError(f"{who} {phrase}", reason=reason)
    if isinstance(error, ConnectionError):
        return TransientError(f"{who} closed the connection", reason="reset")
    return TransientError(f"{who} cannot be reached: {error}", reason="unreachable")
