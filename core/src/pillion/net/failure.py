"""Why a connection failed: one reason of a bounded set, and a sentence."""

from __future__ import annotations

import errno
from typing import Literal

from pillion.errors import TransientError

Reason = Literal[
    "target",  # it is no host name
    "dns_nxdomain",
    "dns_failure",  # the resolver failed or did not answer
    "refused",
    "unreachable",
    "reset",
    "closed",  # the other side ended it too early
    "permission",
    "timeout",
    "protocol",  # what came breaks the rules of TLS or HTTP
    "too_large",  # more came than is read
]

_REASONS: dict[int | None, Reason] = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ECONNABORTED: "reset",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EADDRNOTAVAIL: "unreachable",
    errno.EAFNOSUPPORT: "unreachable",
    errno.ENOENT: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
}


class NetworkError(TransientError):
    """A connection failed, or what came over it cannot be read.

    Attributes:
        reason: fit for a metric label.
    """

    reason: Reason

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence, reason=reason)


def connection_error(error: OSError, what: str) -> NetworkError:
    """Return what an OSError means that was met while doing `what` ("connecting to ...")."""
    reason = _REASONS.get(error.errno, "unreachable")
    text = error.strerror or str(error) or type(error).__name__
    return NetworkError(reason, f"{what}: {text[:1].lower()}{text[1:]}")
