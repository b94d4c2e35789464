r"""A DNS record as the line of text that validators are matched with.

    example.com.\t3600\tIN\tMX\t10 mail.example.com.

The columns are those of a zone file (RFC 1035, 5.1) with tabs between them; base64 stands
without spaces and digests in capitals, since expressions in use were written for that.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire

from pillion_blackbox_exporter.probers.dns.fields import FROM_DATA, FROM_TEXT
from pillion_blackbox_exporter.probers.dns.message import OPT

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probers.dns.message import Record

JUMP_LIMIT = 126  # compression pointers in one record

_TEXTS = frozenset({16, 99})  # TXT and SPF, which some servers leave empty


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
    parser = _Parser(message, record.start)
    try:
        owner = dns.name.from_wire_parser(parser).to_text()
    except dns.exception.DNSException:
        raise ValueError("has a record with a wrong name") from None
    kind = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(record.type))
    if record.type == OPT:  # its class and TTL are other things (RFC 6891, 6.1.3)
        data = message[record.data_start : record.data_end].hex()
        return f"{owner}\t{record.ttl}\tCLASS{record.klass}\t{kind}\t{data}"
    klass = dns.rdataclass.RdataClass.make(record.klass)
    parser.current, parser.jumps = record.data_start, 0
    content = message[record.data_start : record.data_end]
    try:
        if record.type in FROM_DATA:
            text = FROM_DATA[record.type](content)
        elif record.type in _TEXTS and not content:
            text = ""
        else:
            text = _library_text(parser, klass, record)
    except (dns.exception.DNSException, ValueError, struct.error):
        raise ValueError(f"has wrong data in a record of the type {kind}") from None
    of = f"CLASS{record.klass}" if kind.startswith("TYPE") else dns.rdataclass.to_text(klass)
    return f"{owner}\t{record.ttl}\t{of}\t{kind}\t{text}"


def _library_text(parser: _Parser, klass: dns.rdataclass.RdataClass, record: Record) -> str:
    with parser.restrict_to(record.data_end - record.data_start):
        kind = dns.rdatatype.RdataType.make(record.type)
        text = dns.rdata.from_wire_parser(klass, kind, parser).to_text(chunksize=0)
    change = FROM_TEXT.get(record.type)
    return change(text) if change is not None else text
