"""What the exceptions of HTTP clients mean to whoever tries again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion.net.causes import explained

if TYPE_CHECKING:
    from pillion_log_agent.network.endpoint import Endpoint


def cannot_be_reached(endpoint: Endpoint | str, error: BaseException) -> TransientError:
    """Return why no connection came about; the reason is refused, dns, tls, timeout or connect."""
    reason, words = explained(error)
    return TransientError(f"{endpoint} cannot be reached: {words}", reason=reason)


def broke_off(endpoint: Endpoint | str, error: BaseException) -> TransientError:
    """Return how a connection ended before the answer was whole; the reason is reset or tls."""
    reason, words = explained(error)
    if reason == "tls":
        return TransientError(f"{endpoint} ended TLS: {words}", reason="tls")
    how = "reset" if reason == "reset" else "closed"
    return TransientError(
        f"{endpoint} broke off before its answer was whole ({how})", reason="reset"
    )
