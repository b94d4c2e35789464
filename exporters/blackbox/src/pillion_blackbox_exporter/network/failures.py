"""What the system says when a connection fails, as a reason and a sentence. Pure."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion_blackbox_exporter.failure import Reason

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


def connection_error(error: OSError, what: str) -> ProbeError:
    """Return the end of a probe that met an OSError while it did `what` ("connecting to ...")."""
    reason = _REASONS.get(error.errno, "unreachable")
    text = error.strerror or str(error) or type(error).__name__
    return ProbeError(reason, f"{what}: {text[:1].lower()}{text[1:]}")
