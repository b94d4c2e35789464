"""The sockets that a server listens on, opened from addresses."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings.kinds import Address

if TYPE_CHECKING:
    from collections.abc import Iterable

BACKLOG = 512
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


def open_sockets(addresses: Iterable[Address]) -> list[socket.socket]:
    """Return listening, non-blocking sockets for all addresses, or none at all.

    An empty host gives one socket for IPv4 and IPv6, or for IPv4 alone where there is no IPv6;
    a name gives one for each of its addresses.

    Raises:
        ConfigurationError: an address cannot be listened on.
    """
    opened: list[socket.socket] = []
    try:
        for address in addresses:
            opened += _open(address)
    except ConfigurationError:
        close_all(opened)
        raise
    return opened


def address_of(listening: socket.socket) -> Address:
    """Return where a socket listens; `::`, which takes IPv4 as well, is the empty host."""
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return Address(str(listening.getsockname()), 0)
    host, port = listening.getsockname()[:2]
    return Address("" if host == "::" else host, port)


def close_all(sockets: Iterable[socket.socket]) -> None:
    """Close all."""
    for one in sockets:
        one.close()


def _open(address: Address) -> list[socket.socket]:
    if not address.host:
        return [_open_everywhere(address)]
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise _cannot_listen(address, error) from None
    opened: list[socket.socket] = []
    port, last = address.port, OSError(errno.EADDRNOTAVAIL, "no address")
    for family, *_, place in dict.fromkeys(found):
        try:
            opened.append(_bound(family, (place[0], port, *place[2:])))
        except OSError as error:
            last = error
            if error.errno not in _NO_SUCH_FAMILY:
                close_all(opened)
                raise _cannot_listen(address, error) from None
        else:
            port = opened[0].getsockname()[1]
    if not opened:
        raise _cannot_listen(address, last)
    return opened


def _open_everywhere(address: Address) -> socket.socket:
    try:
        return _bound(socket.AF_INET6, ("::", address.port))
    except OSError as error:
        if error.errno not in _NO_SUCH_FAMILY:
            raise _cannot_listen(address, error) from None
    try:
        return _bound(socket.AF_INET, ("0.0.0.0", address.port))  # noqa: S104  # what `:9113` asks for
    except OSError as error:
        raise _cannot_listen(address, error) from None


def _bound(family: int, place: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(0)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, place[0] != "::")
        made.bind(place)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _cannot_listen(address: Address, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"cannot listen on {address}: {reason_of(error)}")


def reason_of(error: OSError) -> str:
    """Return what the system says, fit for the end of a sentence."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
