"""How long a probe may take. Pure."""

from __future__ import annotations

import math

HEADER = "x-prometheus-scrape-timeout-seconds"
DEFAULT = 120.0


def probe_timeout(header: str, module_timeout: float, offset: float) -> float:
    """Return the seconds that a probe may take.

    Args:
        header: what Prometheus says of its own timeout; nothing when it says nothing.
        module_timeout: the module's, 0 for none; it only ever shortens.
        offset: what is left for the way back.

    Raises:
        ValueError: the header is no number.
    """
    try:
        scrape = float(header) if header else 0.0
    except ValueError:
        raise ValueError(f"the header {HEADER} is not a number: {header[:40]!r}") from None
    if not 0 < scrape < math.inf:  # no time at all: as good as no header
        scrape = DEFAULT
    longest = scrape - offset
    if 0 < module_timeout < longest or longest < 0:
        return module_timeout
    return longest
