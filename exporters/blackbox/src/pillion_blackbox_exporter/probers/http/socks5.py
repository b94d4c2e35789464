"""SOCKS5 (RFC 1928) over a stream, with a user and password where there are (RFC 1929)."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from pillion.net import ip_version
from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion.net import Stream

_VERSION, _AUTH_VERSION = 5, 1
_NO_AUTH, _PASSWORD, _NONE_FITS = 0, 2, 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LENGTHS = {_IPV4: 4, _IPV6: 16}
_TEXT_LIMIT = 255
_REFUSALS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "the network is unreachable",
    4: "the host is unreachable",
    5: "the connection was refused",
    6: "the TTL expired",
    7: "the command is not supported",
    8: "the type of address is not supported",
}


async def connect_through(stream: Stream, host: str, port: int, user: str, password: str) -> None:
    """Have a proxy connect to a host; what is written afterwards goes there.

    Args:
        stream: connected to the proxy.
        host: a name, which the proxy resolves, or an IP address.
        port: the port.
        user: whom the proxy knows, or nothing.
        password: theirs.

    Raises:
        ProbeError: the proxy refused, or does not speak SOCKS5.
        NetworkError: the connection broke.
    """
    methods = bytes((_NO_AUTH, _PASSWORD)) if user or password else bytes((_NO_AUTH,))
    stream.write(bytes((_VERSION, len(methods))) + methods)
    version, method = await _read(stream, 2)
    if version != _VERSION:
        raise ProbeError("proxy", "the proxy does not speak SOCKS5")
    if method == _PASSWORD and _PASSWORD in methods:
        await _authenticate(stream, user, password)
    elif method != _NO_AUTH:
        needs = "a user and a password" if method == _NONE_FITS else f"the method {method}"
        raise ProbeError("proxy", f"the proxy wants {needs}")
    stream.write(encode_connect(host, port))
    _, reply, _, kind = await _read(stream, 4)
    if reply:
        said = _REFUSALS.get(reply, f"error {reply}")
        raise ProbeError("proxy", f"the proxy refused to connect: {said}")
    length = (await _read(stream, 1))[0] if kind == _NAME else _LENGTHS.get(kind, 0)
    await _read(stream, length + 2)


def encode_connect(host: str, port: int) -> bytes:
    """Return the request to connect to a host. Pure.

    Raises:
        ProbeError: the name is too long.
    """
    version = ip_version(host)
    if version == 4:  # noqa: PLR2004
        address = bytes((_IPV4,)) + socket.inet_pton(socket.AF_INET, host)
    elif version:
        address = bytes((_IPV6,)) + socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    else:
        address = bytes((_NAME,)) + _counted(host, "the host's name")
    return bytes((_VERSION, _CONNECT, 0)) + address + port.to_bytes(2, "big")


async def _authenticate(stream: Stream, user: str, password: str) -> None:
    stream.write(
        bytes((_AUTH_VERSION,))
        + _counted(user, "the proxy's user")
        + _counted(password, "the proxy's password")
    )
    if (await _read(stream, 2))[1]:
        raise ProbeError("proxy", "the proxy refuses the user and password")


def _counted(text: str, what: str) -> bytes:
    data = text.encode()
    if len(data) > _TEXT_LIMIT:
        raise ProbeError("proxy", f"{what} is longer than {_TEXT_LIMIT} bytes")
    return bytes((len(data),)) + data


async def _read(stream: Stream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = await stream.receive()
        if not piece:
            raise ProbeError("proxy", "the proxy ended the connection")
        data += piece
    stream.unread(data[count:])
    return data[:count]
