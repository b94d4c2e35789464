"""The data of records whose text is not that of the DNS library, or that it refuses to read. Pure.

Digests and salts stand in capitals and without a judgement on their length: expressions in use
were written for that. Sources: RFC 1876 (LOC), RFC 4034 (DS), RFC 4255 (SSHFP), RFC 5155
(NSEC3), RFC 6698 (TLSA), RFC 6742 (NID, L64).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EQUATOR, _BASE = 1 << 31, 10_000_000
_PIECE = 1024  # of the digest of an SMIMEA record


def digest(data: bytes) -> str:
    """Return a DS or CDS: key tag, algorithm, type, digest."""
    tag, algorithm, kind = struct.unpack_from("!HBB", data)
    return f"{tag} {algorithm} {kind} {data[4:].hex().upper()}"


def fingerprint(data: bytes) -> str:
    """Return an SSHFP: algorithm, type, fingerprint."""
    algorithm, kind = struct.unpack_from("!BB", data)
    return f"{algorithm} {kind} {data[2:].hex().upper()}"


def association(data: bytes) -> str:
    """Return a TLSA: usage, selector, matching type, data."""
    usage, selector, kind = struct.unpack_from("!BBB", data)
    return f"{usage} {selector} {kind} {data[3:].hex()}"


def split_association(data: bytes) -> str:
    """Return an SMIMEA: the same, with the data in pieces."""
    usage, selector, kind = struct.unpack_from("!BBB", data)
    text = data[3:].hex()
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    return " ".join([f"{usage} {selector} {kind}", *(pieces or [""])])


def location(data: bytes) -> str:
    """Return a LOC: latitude, longitude, altitude, size and both precisions."""
    version, size, across, up, latitude, longitude, altitude = struct.unpack("!BBBBIII", data)
    if version:
        raise ValueError("is of an unknown version")
    height = altitude / 100 - _BASE / 100
    metres = f"{height:.2f}m" if altitude % 100 else f"{height:.0f}m"
    parts = (_angle(latitude, "NS"), _angle(longitude, "EW"), metres)
    return " ".join((*parts, *(f"{_metres(each)}m" for each in (size, across, up))))


def hashed_denial(text: str) -> str:
    """Return the text of an NSEC3 with its salt and next name in capitals."""
    algorithm, flags, iterations, salt, following, *types = text.split(" ")
    return " ".join((algorithm, flags, iterations, salt.upper(), following.upper(), *types))


FROM_DATA: dict[int, Callable[[bytes], str]] = {
    29: location,
    43: digest,
    44: fingerprint,
    52: association,
    53: split_association,
    59: digest,
}
"""By record type: from the data on the wire."""

FROM_TEXT: dict[int, Callable[[str], str]] = {
    50: hashed_denial,
    51: str.upper,
    104: str.upper,
    106: str.upper,
}
"""By record type: from the library's text."""


def _angle(value: int, letters: str) -> str:
    offset = value - _EQUATOR
    letter = letters[0] if offset > 0 else letters[1]
    offset = abs(offset)
    degrees, rest = divmod(offset, 3_600_000)
    minutes, milliseconds = divmod(rest, 60_000)
    return f"{degrees:02d} {minutes:02d} {milliseconds / 1000:.3f} {letter}"


def _metres(value: int) -> str:
    base, exponent = value >> 4, value & 0x0F
    if exponent < 2:  # noqa: PLR2004  # below a metre
        return f"0.{base * 10**exponent:02d}"
    return f"{base}{'0' * (exponent - 2)}"
