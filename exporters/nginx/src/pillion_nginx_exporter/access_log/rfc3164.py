"""Syslog datagrams as nginx sends them (RFC 3164), made lines. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# `<190>Nov  4 15:27:44 host nginx: `; `nohostname` leaves the host out.
_HEADER = re.compile(
    rb"^<[0-9]{1,3}>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} (?:[^ \n]{1,255} )?([A-Za-z0-9_]{1,32}): ",
    re.MULTILINE,
)


def with_tags(datagrams: Iterable[bytes], tags: Collection[bytes]) -> list[bytes]:
    """Return the datagrams that have one of these tags, or no such header."""
    headers = ((datagram, _HEADER.match(datagram)) for datagram in datagrams)
    return [datagram for datagram, header in headers if header is None or header[1] in tags]


def lines(datagrams: Sequence[bytes]) -> bytes:
    """Return the messages as lines, one for each datagram, without their headers.

    A datagram without such a header stays as it is, so that it is counted as fitting no format.
    """
    block = b"\n".join(datagrams)
    if block.count(b"\n") >= len(datagrams):
        # A newline inside a datagram would make two lines of one request.
        block = b"\n".join([datagram.strip().replace(b"\n", b" ") for datagram in datagrams])
    return _HEADER.sub(b"", block) + b"\n" if datagrams else b""
