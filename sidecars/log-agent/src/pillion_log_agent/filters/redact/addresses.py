"""Detectors of e-mail and IPv6 addresses: around an `@`, and around colons. Pure.

Sources: RFC 5321 and 1035 for what an address is made of; RFC 4291 for IPv6.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pillion_log_agent.filters.redact.finding import Replace, Scan

_LONGEST_LOCAL = 64
_LONGEST_IPV6 = 45
# Backwards, as it is looked for from the `@` on.
_LOCAL = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*+", re.ASCII)
_EDGE = ".!#$%&'*+/=?^`{|}~-"
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}+\.){1,8}(?:[A-Za-z]{2,24}|xn--[\w-]{2,59})(?![\w-])",
    re.ASCII,
)
_BEFORE_A_VALUE = "="
_COLONS = re.compile(r":[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
_IPV6 = re.compile(r"[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}", re.ASCII)
_IPV6_BACK = re.compile(r"[0-9A-Fa-f:]{0,39}+")


def emails(detectors: Collection[str]) -> Scan | None:
    """Return what looks for e-mail addresses; None where it is not wanted."""
    return _scan_emails if "email" in detectors else None


def _scan_emails(block: str, replace: Replace) -> str:
    pieces: list[str] = []
    done = 0
    place = block.find("@")
    while place >= 0:
        domain = _DOMAIN.match(block, place + 1)
        start = _start_of_local(block, done, place) if domain is not None else place
        if domain is not None and start < place and block[start:place] != "git":
            pieces += [block[done:start], replace("email", block[start : domain.end()])]
            done = domain.end()
        place = block.find("@", max(done, place + 1))
    pieces.append(block[done:])
    return "".join(pieces)


def _start_of_local(block: str, least: int, at: int) -> int:
    """Return where what stands before the `@` begins; at the `@` where nothing does."""
    before = block[max(least, at - _LONGEST_LOCAL) : at]
    match = _LOCAL.match(before[::-1])
    if match is None:
        return at
    # A key and the sign behind it are no part of an address: `user=ann@example.com`.
    local = match[0][::-1].rpartition(_BEFORE_A_VALUE)[2].rpartition("/")[2].rpartition("?")[2]
    return at - len(local.lstrip(_EDGE).rpartition("&")[2])


def ipv6(detectors: Collection[str]) -> Scan | None:
    """Return what looks for IPv6 addresses; None where it is not wanted."""
    return _scan_ipv6 if "ip" in detectors else None


def _scan_ipv6(block: str, replace: Replace) -> str:
    pieces: list[str] = []
    done = 0
    for place in sorted(_colons(block)):
        if place < done:
            continue
        before = block[max(done, place - _LONGEST_IPV6) : place]
        back = _IPV6_BACK.match(before[::-1])
        start = place - (back.end() if back else 0)
        match = _IPV6.match(block, start)
        if match is None or not _stands_alone(block, start, match.end()):
            continue
        text = match[0]
        # `at 2001:db8::1: refused`, `peer:2001:db8::1`.
        if text[0] == ":" != text[1]:
            start, text = start + 1, text[1:]
        if text[-1] == ":" != text[-2:-1]:
            text = text[:-1]
        if is_ipv6(text):
            pieces += [block[done:start], replace("ip", text)]
            done = start + len(text)
    pieces.append(block[done:])
    return "".join(pieces)


def _colons(block: str) -> Iterator[int]:
    """Yield where an address may be: at two colons, or in the midst of eight groups."""
    place = block.find("::")
    while place >= 0:
        yield place
        place = block.find("::", place + 2)
    for match in _COLONS.finditer(block):
        yield match.start()


def _stands_alone(block: str, start: int, end: int) -> bool:
    around = block[max(start - 1, 0) : start] + block[end : end + 1]
    return not any(each == "_" or (each.isascii() and each.isalnum()) for each in around)


def is_ipv6(text: str) -> bool:
    """Whether a text is an address of somebody: neither `::` nor `::1`."""
    if sum(map(text.count, "0123456789abcdefABCDEF")) < 4 and text.count(":") < 3:  # noqa: PLR2004
        return False
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
