"""What `/probe` may measure. Pure: rules and addresses in, the admitted addresses out.

A rule with a name admits a target by the name in its URI. A rule with an address or a network
is held against the addresses that the name resolved to, and only those that it admits are
connected to; so it does not matter how an address was spelled (`0x7f000001`, `::ffff:10.0.0.1`).
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.fetch.address import Address
    from pillion_nginx_exporter.target import Endpoint

_LAST_PORT = 65535
_RIGHT = "write a host, host:port, a network such as 10.0.0.0/8, or the path of a Unix socket"
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?", re.IGNORECASE | re.ASCII)
_MAPPED = b"\x00" * 10 + b"\xff\xff"
_MAPPED_BITS = 96


@dataclass(frozen=True, slots=True)
class NameRule:
    """Admits a host by its name, on one port or on every one (0)."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"{self.name}:{self.port}" if self.port else self.name


@dataclass(frozen=True, slots=True)
class NetworkRule:
    """Admits the addresses of a network, on one port or on every one (0).

    Attributes:
        network: the first address, packed; its length tells IPv4 from IPv6.
        bits: how many bits of it count.
        port: the port.
        text: as it was written.
    """

    network: bytes
    bits: int
    port: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class SocketRule:
    """Admits one Unix socket."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Rule = NameRule | NetworkRule | SocketRule


def parse_rule(text: str) -> Rule:
    """Return the rule of `host`, `host:port`, `10.0.0.0/8`, `[::1]:80` or `unix:/socket`.

    Raises:
        ValueError: the second half of a sentence that begins with the text.
    """
    if text.startswith(("unix:", "/", "@")):
        path = text.removeprefix("unix:")
        if not path or ":" in path:
            raise ValueError("is not a path of a Unix socket; write unix:/socket")
        return SocketRule(path)
    if "/" in text:
        return _network_rule(text)
    host, port = _host_and_port(text)
    packed = _packed(host)
    if packed is not None:
        return NetworkRule(packed, 8 * len(packed), port, text)
    # A name that is all digits and dots is an address misspelled.
    if not _NAME.fullmatch(host) or not re.search(r"[a-z]", host, re.IGNORECASE):
        raise ValueError(f"is neither a host nor a network; {_RIGHT}")
    return NameRule(_canonical(host), port)


def may_resolve(rules: Sequence[Rule], endpoint: Endpoint) -> bool:
    """Return whether its addresses can matter: a name that no rule can admit stays unasked."""
    if endpoint.socket_path:
        return _admits_socket(rules, endpoint.socket_path)
    return admits_name(rules, endpoint) or any(
        isinstance(rule, NetworkRule) and rule.port in (0, endpoint.port) for rule in rules
    )


def admits_name(rules: Sequence[Rule], endpoint: Endpoint) -> bool:
    """Return whether a rule admits the endpoint by name, whatever it resolves to."""
    if endpoint.socket_path:
        return _admits_socket(rules, endpoint.socket_path)
    name = _canonical(endpoint.host)
    return any(
        isinstance(rule, NameRule) and rule.name == name and rule.port in (0, endpoint.port)
        for rule in rules
    )


def admitted(
    rules: Sequence[Rule], endpoint: Endpoint, addresses: Sequence[Address]
) -> tuple[Address, ...]:
    """Return those of an endpoint's addresses that may be connected to, in their order."""
    if admits_name(rules, endpoint):
        return tuple(addresses)
    return tuple(
        address
        for address in addresses
        if address.ip and _admits_ip(rules, address.ip, endpoint.port)
    )


def _admits_socket(rules: Sequence[Rule], path: str) -> bool:
    return any(isinstance(rule, SocketRule) and rule.path == path for rule in rules)


def _admits_ip(rules: Sequence[Rule], ip: str, port: int) -> bool:
    packed = _packed(ip.partition("%")[0])
    return packed is not None and any(
        isinstance(rule, NetworkRule)
        and rule.port in (0, port)
        and len(rule.network) == len(packed)
        and _first_bits(packed, rule.bits) == _first_bits(rule.network, rule.bits)
        for rule in rules
    )


def _network_rule(text: str) -> NetworkRule:
    address, _, length = text.partition("/")
    written = _written(address)
    if written is None or not (length.isascii() and length.isdigit() and len(length) <= 3):  # noqa: PLR2004  # the digits of 128
        raise ValueError(f"is not a network; {_RIGHT}")
    bits = int(length)
    if bits > 8 * len(written):
        raise ValueError(f"has a prefix longer than {8 * len(written)} bits; {_RIGHT}")
    if int.from_bytes(written, "big") != _first_bits(written, bits) << (8 * len(written) - bits):
        raise ValueError("has bits of a host below its prefix; write the network's first address")
    if written.startswith(_MAPPED) and bits >= _MAPPED_BITS:
        return NetworkRule(written[len(_MAPPED) :], bits - _MAPPED_BITS, 0, text)
    return NetworkRule(written, bits, 0, text)


def _host_and_port(text: str) -> tuple[str, int]:
    if _written(text) is not None:
        return text, 0
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, ""
    elif not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= _LAST_PORT):  # noqa: PLR2004  # the digits of 65535
        if not (text.startswith("[") and text.endswith("]")):
            raise ValueError(f"has no port from 1 to 65535; {_RIGHT}")
        host, port = text, ""
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host, int(port or 0)


def _packed(host: str) -> bytes | None:
    """Return an address as bytes, one of IPv4 mapped into IPv6 as IPv4; None for a name."""
    written = _written(host)
    if written is not None and written.startswith(_MAPPED):
        return written[len(_MAPPED) :]
    return written


def _written(host: str) -> bytes | None:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
    return None


def _first_bits(packed: bytes, bits: int) -> int:
    return int.from_bytes(packed, "big") >> (8 * len(packed) - bits)


def _canonical(name: str) -> str:
    return name.lower().removesuffix(".")


RULE: Kind[Rule] = Kind("RULE", parse_rule)
