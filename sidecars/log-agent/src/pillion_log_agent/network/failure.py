"""What the exceptions of HTTP clients mean, in the words of the system and of OpenSSL. Pure."""

from __future__ import annotations

import errno
import os
import re
import ssl
from socket import gaierror
from typing import TYPE_CHECKING

from pillion.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion_log_agent.network.endpoint import Endpoint

_PLACE = re.compile(r"^\[SSL: \w+\] | \(_ssl\.c:\d+\)$")


def cannot_be_reached(endpoint: Endpoint, error: BaseException) -> TransientError:
    """Return why no connection came about; the reason is refused, dns, tls, timeout or connect."""
    reason, words = _explained(error)
    return TransientError(f"{endpoint} cannot be reached: {words}", reason=reason)


def broke_off(endpoint: Endpoint, error: BaseException) -> TransientError:
    """Return how a connection ended before the answer was whole; the reason is reset or tls."""
    reason, words = _explained(error)
    if reason == "tls":
        return TransientError(f"{endpoint} ended TLS: {words}", reason="tls")
    how = "reset" if any(_is_reset(cause) for cause in _causes(error)) else "closed"
    return TransientError(
        f"{endpoint} broke off before its answer was whole ({how})", reason="reset"
    )


def _explained(error: BaseException) -> tuple[str, str]:
    """Return a reason and words for the innermost cause that says something."""
    causes = list(_causes(error))[::-1]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "tls", f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "tls", _PLACE.sub("", cause.strerror or str(cause))
        if isinstance(cause, gaierror):
            return "dns", (cause.strerror or str(cause)).lower()
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno:
            reason = "refused" if cause.errno == errno.ECONNREFUSED else "connect"
            return reason, os.strerror(cause.errno).lower()
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "timeout", "timeout"
    return "connect", str(error) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from, those of a group too."""
    found: BaseException | None = error
    while found is not None:
        yield found
        if isinstance(found, BaseExceptionGroup):
            for each in found.exceptions:
                yield from _causes(each)
        found = found.__cause__ or found.__context__


def _is_reset(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ECONNRESET, errno.EPIPE)
