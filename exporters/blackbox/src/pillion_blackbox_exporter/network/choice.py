"""Which address of a target is probed, chosen as the peer chooses it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.net import ip_version
from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from collections.abc import Sequence


def choose(host: str, addresses: Sequence[str], preferred: str, *, fallback: bool) -> str:
    """Return the address to probe: the first of the preferred protocol, else the last other.

    Args:
        host: for the message.
        addresses: IP addresses in the resolver's order.
        preferred: `ip4` or `ip6`; nothing is `ip6`.
        fallback: whether the other protocol will do.

    Raises:
        ProbeError: there is none.
    """
    wanted = 4 if preferred == "ip4" else 6
    for address in addresses:
        if ip_version(address) == wanted:
            return address
    if fallback and addresses:
        return addresses[-1]
    raise ProbeError("dns_no_address", f"{host} has no IPv{wanted} address")
