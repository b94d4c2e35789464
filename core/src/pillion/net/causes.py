"""What lies under the exceptions of an HTTP client, in the words of the system and of OpenSSL."""

from __future__ import annotations

import errno
import os
import re
import ssl
from socket import gaierror
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Cause = Literal["refused", "reset", "dns", "tls", "timeout", "connect"]

_PLACE = re.compile(r"^\[SSL: \w+\] | \(_ssl\.c:\d+\)$")
_REASONS: dict[int, Cause] = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ETIMEDOUT: "timeout",
}


def explained(error: BaseException) -> tuple[Cause, str]:
    """Return a reason and words for the innermost cause that says something.

    Clients wrap what the system says in sentences of their own ("Connect call failed ('127.0.0.1',
    9200)", "All connection attempts failed"); whoever reads a log looks for `connection refused`.
    """
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
            return _REASONS.get(cause.errno, "connect"), os.strerror(cause.errno).lower()
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
