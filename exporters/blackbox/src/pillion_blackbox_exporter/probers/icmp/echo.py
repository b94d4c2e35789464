"""Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443, 4), as bytes."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass

PAYLOAD = b"Pillion Blackbox Exporter"

_HEADER = struct.Struct("!BBHHH")
_REQUEST, _REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
_LEAST_IP_HEADER = 20
_SOL_IP, _IP_TTL = 0, 2
_SOL_IPV6, _IPV6_HOPLIMIT = 41, 52


@dataclass(frozen=True, slots=True)
class Echo:
    """What is sent, and what the reply must carry.

    Attributes:
        version: of IP, 4 or 6.
        identifier: 16 bits; None where the kernel chooses it and sorts the replies by it.
        sequence: 16 bits.
        payload: the bytes after the header.
    """

    version: int
    identifier: int | None
    sequence: int
    payload: bytes

    def encode(self) -> bytes:
        """Return the request, without an IP header."""
        kind = _REQUEST[self.version]
        identifier = self.identifier or 0
        unsigned = _HEADER.pack(kind, 0, 0, identifier, self.sequence) + self.payload
        if self.version == 6:  # noqa: PLR2004  # the kernel's, as it covers the addresses
            return unsigned
        return unsigned[:2] + struct.pack("!H", checksum(unsigned)) + unsigned[4:]

    def is_answered_by(self, packet: bytes) -> bool:
        """Whether a packet, without an IP header, is the reply."""
        if len(packet) != _HEADER.size + len(self.payload):
            return False
        kind, code, _, identifier, sequence = _HEADER.unpack_from(packet)
        return (
            (kind, code, sequence) == (_REPLY[self.version], 0, self.sequence)
            and self.identifier in (None, identifier)
            and packet[_HEADER.size :] == self.payload
        )


def payload_of(size: int) -> bytes:
    """Return a payload of a size; 0 is the usual one."""
    return (PAYLOAD[:size] if size else PAYLOAD).ljust(size, b"\0")


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:  # noqa: PLR2004  # 16 bits
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def without_ip_header(packet: bytes) -> bytes:
    """Return what an IPv4 packet carries; nothing when it is none."""
    length = (packet[0] & 0x0F) * 4 if packet else 0
    return packet[length:] if length >= _LEAST_IP_HEADER else b""


def hop_limit(ancillary: tuple[tuple[int, int, bytes], ...]) -> int | None:
    """Return the TTL or hop limit that came with a packet, or None."""
    for level, kind, data in ancillary:
        if (level, kind) in ((_SOL_IP, _IP_TTL), (_SOL_IPV6, _IPV6_HOPLIMIT)):
            return int.from_bytes(data[:4], sys.byteorder)
    return None
