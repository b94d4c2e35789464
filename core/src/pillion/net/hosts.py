"""Host names and IP addresses as text, in the forms that the system's resolver and sockets take."""

from __future__ import annotations

import socket
from typing import Any

_MAPPED = bytes(10) + b"\xff\xff"


def resolvable(host: str) -> str:
    """Return a host as it is handed to the resolver: ASCII, its compatibility letters folded.

    Fullwidth letters, soft hyphens and the long s are gone then (IDNA); an address stays as it is.

    Raises:
        ValueError: it is no host name.
    """
    if "\0" in host:
        raise ValueError("has a NUL")
    if host.isascii():
        return host
    return host.encode("idna").decode()


def ip_version(text: str) -> int:
    """Return 4 or 6 for the usual spelling of an IP address (a zone may follow it), else 0."""
    for family, version in ((socket.AF_INET, 4), (socket.AF_INET6, 6)):
        try:
            socket.inet_pton(family, text.partition("%")[0] if version == 6 else text)  # noqa: PLR2004
        except (OSError, ValueError):
            continue
        return version
    return 0


def unmapped(address: str) -> str:
    """Return an IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) as what it is."""
    if ":" not in address or "%" in address:
        return address
    packed = socket.inet_pton(socket.AF_INET6, address)
    if packed[:12] != _MAPPED:
        return address
    return socket.inet_ntop(socket.AF_INET, packed[12:])


def socket_address(address: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """Return the family of an IP address, and how the socket module takes it with a port."""
    if ":" not in address:
        return socket.AF_INET, (address, port)
    if "%" in address:
        found = socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST)
        return socket.AF_INET6, found[0][4]
    return socket.AF_INET6, (address, port, 0, 0)
