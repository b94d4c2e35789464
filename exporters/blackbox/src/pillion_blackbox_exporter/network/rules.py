"""The guard's rules: what may be probed, judged by name and again by address. Pure.

A rule is `[scheme://]host[:port]`: a name, `*.name`, an address, a network, or `*` for all.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.net import resolvable
from pillion.settings import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_RULE = re.compile(
    r"(?:(?P<scheme>[a-z0-9]+)://)?(?P<host>\[[^\]]+\](?:/\d+)?|[^\[\]:]*(?:/\d+)?)(?::(?P<port>\d+))?"
)
_BARE_IPV6 = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:/\d+)?")
_NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_TRANSLATED = 0xFFFF_0000  # ::ffff:0:a.b.c.d (RFC 2765)
_LOOPBACK = {
    ipaddress.ip_address("0.0.0.0"): ipaddress.ip_address("127.0.0.1"),  # noqa: S104  # compared
    ipaddress.ip_address("::"): ipaddress.ip_address("::1"),
}

METADATA = (
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::/32",
    "fd20:ce::/32",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; what is None or empty fits everything.

    Attributes:
        text: as it was written.
        scheme: of the target.
        name: of the host, lower case; `*.` before it stands for every name below it.
        network: of the address.
        port: of the target.
    """

    text: str
    scheme: str
    name: str
    network: Network | None
    port: int | None

    def fits(self, scheme: str, host: str, addresses: Sequence[Ip], port: int) -> bool:
        """Whether the rule is about a target, or about an address of one."""
        if self.scheme and self.scheme != scheme:
            return False
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return any(address in self.network for address in addresses)
        if self.name.startswith("*."):
            return host.endswith(self.name[1:])
        return not self.name or host == self.name


def parse_rule(text: str) -> Rule:
    """Return the rule that a text stands for; raises ValueError with what would be right."""
    wrong = "is not a rule; write [scheme://]host[:port], such as *.internal, 10.0.0.0/8 or https://*:443"
    match = _RULE.fullmatch(text)
    if match is None and _BARE_IPV6.fullmatch(text):
        return Rule(text, "", "", ipaddress.ip_network(text, strict=False), None)
    if match is None or not text:
        raise ValueError(wrong)
    host = match["host"].replace("[", "").replace("]", "")
    port = int(match["port"]) if match["port"] else None
    scheme = match["scheme"] or ""
    if host in ("", "*"):
        return Rule(text, scheme, "", None, port)
    try:
        return Rule(text, scheme, "", ipaddress.ip_network(host, strict=False), port)
    except ValueError:
        if not _NAME.fullmatch(host) or host.replace(".", "").isdecimal():
            raise ValueError(wrong) from None
        return Rule(text, scheme, host.lower().rstrip("."), None, port)


RULE: Kind[Rule] = Kind("RULE", parse_rule, lambda rule: rule.text)


class Rules:
    """A guard: what a deny rule is about is refused, then what no allow rule is about."""

    __slots__ = ("_allow", "_deny")

    def __init__(
        self, allow: Sequence[Rule], deny: Sequence[Rule], *, deny_metadata: bool = False
    ) -> None:
        self._allow = tuple(allow)
        metadata = [parse_rule(text) for text in METADATA] if deny_metadata else []
        self._deny = (*deny, *metadata)

    def refuses_host(
        self, scheme: str, host: str, port: int, *, is_final: bool = False
    ) -> str | None:
        """Return why a target may not be probed, as far as its name tells, or None.

        Where no address will be judged (`is_final`), a rule about addresses allows nothing.
        """
        try:
            name = _judged(host)
        except ValueError:
            return f"{host!r} is not a host name"
        address = spelled_address(name)
        if address is not None:
            return self.refuses_address(scheme, host, str(address), port)
        if rule := self._first(self._deny, scheme, name, (), port):
            return f"{host} is denied by the rule {rule.text}"
        could_fit = any(
            rule.fits(scheme, name, (), port) or (rule.network is not None and not is_final)
            for rule in self._allow
        )
        return None if could_fit or not self._allow else f"{host} is not among what is allowed"

    def refuses_address(self, scheme: str, host: str, address: str, port: int) -> str | None:
        """Return why an address may not be connected to, or None."""
        try:
            name = _judged(host)
        except ValueError:
            return f"{host!r} is not a host name"
        shown = address if host == address else f"{address} ({host})"
        forms = meanings(ipaddress.ip_address(address.partition("%")[0]))
        if rule := self._first(self._deny, scheme, name, forms, port):
            return f"{shown} is denied by the rule {rule.text}"
        # What an address carries may be reached through it, but need not: it allows nothing.
        mapped = getattr(forms[0], "ipv4_mapped", None)
        own = forms[:1] if mapped is None else (forms[0], mapped)
        if self._allow and not self._first(self._allow, scheme, name, own, port):
            return f"{shown} is not among what is allowed"
        return None

    @staticmethod
    def _first(
        rules: Sequence[Rule], scheme: str, host: str, addresses: Sequence[Ip], port: int
    ) -> Rule | None:
        return next((rule for rule in rules if rule.fits(scheme, host, addresses, port)), None)


def spelled_address(host: str) -> Ip | None:
    """Return the address that a host is, in whatever spelling (`2130706433`, `0x7f.1`), or None."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def meanings(address: Ip) -> tuple[Ip, ...]:
    """Return an address and those that it may lead to.

    An unspecified address leads to loopback; an IPv6 address may carry IPv4 addresses: mapped,
    compatible, translated (RFC 2765), 6to4, Teredo, ISATAP, NAT64 (RFC 6052, RFC 8215).
    """
    found: list[Ip] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        found += [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
        found += address.teredo or ()
        found += _embedded(address)
    found += [_LOOPBACK[each] for each in found if each in _LOOPBACK]
    return tuple(found)


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    number = int(address)
    last = number & 0xFFFFFFFF
    carried: list[int] = []
    if (
        address in _NAT64
        or number >> 32 in (0, _TRANSLATED)
        or (number >> 32) & 0xFFFFFFFF in _ISATAP
    ):
        carried.append(last)
    if address in _LOCAL_NAT64:  # a prefix of 48, 56, 64 or 96 bits; bits 64 to 71 are left out
        without = (number >> 64) << 56 | number & (1 << 56) - 1
        carried += [last, *((without >> shift) & 0xFFFFFFFF for shift in (40, 32, 24))]
    return [ipaddress.IPv4Address(each) for each in carried]


def _judged(host: str) -> str:
    """Return a host in the form in which it is resolved, for comparison."""
    return resolvable(host).lower().rstrip(".")
