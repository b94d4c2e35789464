r"""A DNS record as the line of text that validators are matched with.

    example.com.\t3600\tIN\tMX\t10 mail.example.com.

The columns are those of a zone file (RFC 1035, 5.1) with tabs between them; base64 stands
without spaces and digests in capitals, since expressions in use were written for that.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import dns.exception
import dns.ipv4
import dns.ipv6
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire

from pillion_blackbox_exporter.configuration.dns_name import LABEL_LIMIT, NAME_LIMIT
from pillion_blackbox_exporter.probers.dns.fields import FROM_DATA, FROM_TEXT
from pillion_blackbox_exporter.probers.dns.message import OPT

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probers.dns.message import Record

JUMP_LIMIT = 126  # compression pointers in one record
NAME_JUMP_LIMIT = 16  # in one name, as the library allows

_TEXTS = frozenset({16, 99})  # TXT and SPF, which some servers leave empty
_A, _AAAA = 1, 28
_NAMES = frozenset({2, 5, 12})  # NS, CNAME, PTR: nothing but a name
_IN = 1
_POINTER = 0xC0
_QUESTION = 12  # where the question stands, right behind the header
_TO_THE_QUESTION = bytes((_POINTER, _QUESTION))
_PLAIN = re.compile(rb"[A-Za-z0-9_*.-]+")


class _Parser(dns.wire.Parser):
    """Follows only so many pointers: a chain of them costs time out of proportion to its bytes."""

    jumps = 0

    def seek(self, where: int) -> None:
        self.jumps += 1
        if self.jumps > JUMP_LIMIT:
            raise dns.exception.FormError
        super().seek(where)


def record_text(message: bytes, record: Record) -> str:
    """Return a record as a line.

    Raises:
        ValueError: its name or its data are wrong; the second half of a sentence.
    """
    try:
        owner = _owner(message, record.start)
    except dns.exception.DNSException:
        raise ValueError("has a record with a wrong name") from None
    kind = _type_text(record.type)
    if record.type == OPT:  # its class and TTL are other things (RFC 6891, 6.1.3)
        data = message[record.data_start : record.data_end].hex()
        return f"{owner}\t{record.ttl}\tCLASS{record.klass}\t{kind}\t{data}"
    try:
        text = _data_text(message, record)
    except (dns.exception.DNSException, ValueError, struct.error):
        raise ValueError(f"has wrong data in a record of the type {kind}") from None
    of = f"CLASS{record.klass}" if kind.startswith("TYPE") else _class_text(record.klass)
    return f"{owner}\t{record.ttl}\t{of}\t{kind}\t{text}"


def _owner(message: bytes, start: int) -> str:
    """Return the name of a record, which is nearly always a pointer to the question's."""
    if message[start : start + 2] == _TO_THE_QUESTION:
        return _question(message)
    return _name_text(message, start, len(message))[0]


@lru_cache(maxsize=8)  # the records of a message share it
def _question(message: bytes) -> str:
    return _name_text(message, _QUESTION, len(message))[0]


def _data_text(message: bytes, record: Record) -> str:
    content = message[record.data_start : record.data_end]
    if record.type in FROM_DATA:
        return FROM_DATA[record.type](content)
    # What nearly all records are; the library takes 0.1 ms for one.
    if record.type == _A and record.klass == _IN:
        return dns.ipv4.inet_ntoa(content)
    if record.type == _AAAA and record.klass == _IN:
        return dns.ipv6.inet_ntoa(content)
    if record.type in _NAMES:
        text, end = _name_text(message, record.data_start, record.data_end)
        if end != record.data_end:
            raise dns.exception.FormError
        return text
    if record.type in _TEXTS and not content:
        return ""
    return _library_text(message, record)


def _name_text(message: bytes, at: int, end: int) -> tuple[str, int]:
    """Return a name, and where the bytes after it begin (RFC 1035, 4.1.4).

    What a pointer leads to ends before the part of the name that led there.
    """
    labels: list[bytes] = []
    start, behind, jumps = at, 0, 0
    while at < end:
        length = message[at]
        at += 1
        if length >= _POINTER and at < end and jumps < NAME_JUMP_LIMIT:
            behind = behind or at + 1
            jumps += 1
            at, end = (length & ~_POINTER) << 8 | message[at], start
            start = at
            continue
        if length > LABEL_LIMIT or at + length > end:
            break
        labels.append(message[at : at + length])
        at += length
        if not length:
            return _joined(labels), behind or at
    raise dns.exception.FormError


def _joined(labels: list[bytes]) -> str:
    plain = b".".join(labels)
    if len(plain) < NAME_LIMIT and _PLAIN.fullmatch(plain) and plain.count(b".") < len(labels):
        return plain.decode()
    return dns.name.Name(labels).to_text()  # escapes, and refuses what is too long


@lru_cache(maxsize=128)
def _type_text(number: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


@lru_cache(maxsize=128)
def _class_text(number: int) -> str:
    return dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(number))


def _library_text(message: bytes, record: Record) -> str:
    parser = _Parser(message, record.data_start)
    parser.jumps = 0
    klass = dns.rdataclass.RdataClass.make(record.klass)
    with parser.restrict_to(record.data_end - record.data_start):
        kind = dns.rdatatype.RdataType.make(record.type)
        text = dns.rdata.from_wire_parser(klass, kind, parser).to_text(chunksize=0)
    change = FROM_TEXT.get(record.type)
    return change(text) if change is not None else text
