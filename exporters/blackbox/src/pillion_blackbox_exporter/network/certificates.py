"""X.509 certificates (RFC 5280): the few fields that are reported, out of DER. Pure.

The standard library decodes a certificate only once it has verified it; those that fail are
the ones that people want to see.
"""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.network.names import distinguished_name

if TYPE_CHECKING:
    from collections.abc import Iterator

INTEGER, SEQUENCE, OID = 0x02, 0x30, 0x06
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_VERSION, _EXTENSIONS, _DNS_NAME = 0xA0, 0xA3, 0x82
_SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_YEAR_PIVOT = 50
_LONG_FORM, _LENGTH_LIMIT = 0x80, 4


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is reported of a certificate.

    Attributes:
        not_before: seconds since the epoch.
        not_after: the same.
        subject: the name as Go writes it (`CN=...,O=...`).
        issuer: the same.
        dns_names: of the subject alternative name.
        serial: lower-case hex, two digits a byte.
        fingerprint: SHA-256 of the DER, lower-case hex.
        public_key: SHA-256 of the key's DER.
    """

    not_before: int
    not_after: int
    subject: str
    issuer: str
    dns_names: tuple[str, ...]
    serial: str
    fingerprint: str
    public_key: bytes


@lru_cache(maxsize=512)
def parse_certificate(der: bytes) -> Certificate:
    """Return what is reported of a certificate in DER.

    Raises:
        ValueError: it is no certificate.
    """
    _, certificate, _ = element(der, 0)
    _, body, _ = element(certificate, 0)
    parts = list(elements(body))
    if parts and parts[0][0] == _VERSION:
        parts.pop(0)
    try:
        (_, serial), _, (_, issuer), (_, validity), (_, subject), (_, key) = parts[:6]
        not_before, not_after = [_moment(tag, content) for tag, content in elements(validity)]
    except ValueError:
        raise ValueError("is not a certificate") from None
    number = int.from_bytes(serial, "big")
    return Certificate(
        not_before=not_before,
        not_after=not_after,
        subject=distinguished_name(_attributes(subject)),
        issuer=distinguished_name(_attributes(issuer)),
        dns_names=_dns_names(parts[6:]),
        serial=number.to_bytes((number.bit_length() + 7) // 8, "big").hex(),
        fingerprint=hashlib.sha256(der).hexdigest(),
        public_key=hashlib.sha256(key).digest(),
    )


def longest_lived(
    chain: tuple[Certificate, ...], trusted: tuple[Certificate, ...]
) -> tuple[Certificate, ...]:
    """Return the chain that lasts longest among those that lead to something trusted.

    A certificate of a chain may be trusted in another edition, of the same name and key.

    Args:
        chain: one that was verified, the leaf first.
        trusted: what is trusted.
    """
    chains = [chain]
    for index, each in enumerate(chain[1:], start=1):
        chains += [
            (*chain[:index], other)
            for other in trusted
            if (other.subject, other.public_key) == (each.subject, each.public_key)
        ]
    return max(chains, key=lambda one: min((each.not_after for each in one), default=0))


def certificates_of_message(message: bytes, *, is_tls13: bool) -> tuple[bytes, ...]:
    """Return the DER certificates in a TLS Certificate message, header included.

    Sources: RFC 5246, 7.4.2 and RFC 8446, 4.4.2. What is broken off is left out.
    """
    at = 4
    if is_tls13:
        at += 1 + message[at] if len(message) > at else 0
    at += 3
    found: list[bytes] = []
    while at + 3 <= len(message):
        end = at + 3 + int.from_bytes(message[at : at + 3], "big")
        if end > len(message):
            break
        found.append(message[at + 3 : end])
        at = end
        if is_tls13:
            at += 2 + int.from_bytes(message[at : at + 2], "big")
    return tuple(found)


def element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Return the tag and content of the DER element at a position, and where the next begins.

    Raises:
        ValueError: it is cut short or longer than it may be.
    """
    if at + 2 > len(data):
        raise ValueError("is cut short")
    tag, length = data[at], data[at + 1]
    at += 2
    if length & _LONG_FORM:
        size = length & ~_LONG_FORM
        if not 0 < size <= _LENGTH_LIMIT:
            raise ValueError("has a length that DER does not allow")
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if at + length > len(data):
        raise ValueError("is cut short")
    return tag, data[at : at + length], at + length


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each DER element in turn."""
    at = 0
    while at < len(data):
        tag, content, at = element(data, at)
        yield tag, content


def _attributes(name: bytes) -> list[tuple[str, str]]:
    """Return the pairs of dotted OID and text in a distinguished name, in order."""
    found: list[tuple[str, str]] = []
    for _, relative in elements(name):
        for _, attribute in elements(relative):
            (_, oid), (tag, value) = list(elements(attribute))[:2]
            encoding = "utf-16-be" if tag == 0x1E else "utf-8"  # noqa: PLR2004  # BMPString
            found.append((_dotted(oid), value.decode(encoding, "replace")))
    return found


def _dotted(oid: bytes) -> str:
    numbers: list[int] = []
    number = 0
    for byte in oid:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    return ".".join(str(part) for part in (first, numbers[0] - 40 * first, *numbers[1:]))


def _moment(tag: int, content: bytes) -> int:
    text = content.decode("ascii", "replace")
    if tag == _UTC_TIME:
        century = "19" if int(text[:2]) >= _YEAR_PIVOT else "20"
        text = century + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("is not a time")
    fields = (text[:4], text[4:6], text[6:8], text[8:10], text[10:12], text[12:14])
    return calendar.timegm(tuple(int(field) for field in fields))


def _dns_names(parts: list[tuple[int, bytes]]) -> tuple[str, ...]:
    for tag, content in parts:
        if tag != _EXTENSIONS:
            continue
        for _, extension in elements(element(content, 0)[1]):
            fields = list(elements(extension))
            if fields[0][1] == _SUBJECT_ALTERNATIVE_NAME:
                names = elements(element(fields[-1][1], 0)[1])
                return tuple(
                    value.decode("ascii", "replace") for kind, value in names if kind == _DNS_NAME
                )
    return ()
