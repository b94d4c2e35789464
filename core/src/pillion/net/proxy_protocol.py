"""The header of the PROXY protocol, version 2, as the peer sends it. Pure.

Source: haproxy's proxy-protocol.txt, section 2.2. The command is PROXY, the source is our end
of the connection and the destination the other; there are no TLVs.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_VERSION_2_PROXY = 0x21
_TCP4, _TCP6, _UNIX_STREAM = 0x11, 0x21, 0x31
_UNIX_NAME = 108
_MAPPED = b"\x00" * 10 + b"\xff\xff"


def proxy_header(family: int, source: Any, destination: Any) -> bytes:
    """Return the header that opens a connection.

    Args:
        family: `socket.AF_INET`, `AF_INET6` or `AF_UNIX`.
        source: our own address, as `getsockname()` gives it.
        destination: the other's address, as `getpeername()` gives it.
    """
    if family == socket.AF_UNIX:
        kind, addresses = _UNIX_STREAM, _unix_name(source) + _unix_name(destination)
    else:
        kind, addresses = _ip_addresses(family, source, destination)
    return _SIGNATURE + struct.pack("!BBH", _VERSION_2_PROXY, kind, len(addresses)) + addresses


def _ip_addresses(family: int, source: Any, destination: Any) -> tuple[int, bytes]:
    packed = [socket.inet_pton(family, end[0].partition("%")[0]) for end in (source, destination)]
    kind = _TCP4 if family == socket.AF_INET else _TCP6
    if all(ip.startswith(_MAPPED) for ip in packed):
        kind, packed = _TCP4, [ip[len(_MAPPED) :] for ip in packed]
    return kind, b"".join(packed) + struct.pack("!HH", source[1], destination[1])


def _unix_name(name: str | bytes) -> bytes:
    path = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    return path[:_UNIX_NAME].ljust(_UNIX_NAME, b"\0")
