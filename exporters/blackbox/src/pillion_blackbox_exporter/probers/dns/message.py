"""DNS messages (RFC 1035, 4): a query as bytes, and an answer as the spans of its records.

An answer is walked without following a single compression pointer, so that whatever a server
sends costs no more than its length. What a record says is for `text`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from pillion_blackbox_exporter.configuration.dns_name import LABEL_LIMIT, NAME_LIMIT, encode_name

OPT = 41
SOA = 6

_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_IS_RESPONSE, _IS_CUT, _RECURSION_DESIRED = 0x8000, 0x0200, 0x0100
_RCODE = 0x000F
_POINTER = 0xC0
_IN = 1


class Record(NamedTuple):  # a frozen dataclass takes three times as long to make
    """Where a record stands in its message, and its fixed fields.

    Attributes:
        start: where the owner's name begins.
        type: the number of its type.
        klass: the number of its class.
        ttl: seconds.
        data_start: where its data begins.
        data_end: where they end.
    """

    start: int
    type: int
    klass: int
    ttl: int
    data_start: int
    data_end: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A message, walked.

    Attributes:
        message: its bytes.
        id: the number that ties it to its query.
        is_response: whether it is an answer at all.
        is_cut: whether the server left something out for want of room (TC).
        rcode: the response code, extended by an OPT record where there is one.
        questions: the bytes of the questions, each with name, type and class.
        answers: the records of the answer section.
        authorities: those of the authority section.
        additionals: those of the additional section, an OPT record included.
    """

    message: bytes
    id: int
    is_response: bool
    is_cut: bool
    rcode: int
    questions: tuple[bytes, ...]
    answers: tuple[Record, ...]
    authorities: tuple[Record, ...]
    additionals: tuple[Record, ...]

    def is_of(self, query: bytes) -> bool:
        """Whether it is a response with the id of a query."""
        return self.is_response and self.id == int.from_bytes(query[:2], "big")

    def echoes(self, query: bytes) -> bool:
        """Whether it repeats the question of a query, or none at all."""
        asked = query[_HEADER.size :].lower()
        return not self.questions or [each.lower() for each in self.questions] == [asked]


def encode_query(number: int, name: str, kind: int, klass: int, *, recursion: bool) -> bytes:
    """Return a query with one question.

    Raises:
        ValueError: the name is none.
    """
    flags = _RECURSION_DESIRED if recursion else 0
    header = _HEADER.pack(number, flags, 1, 0, 0, 0)
    return header + encode_name(name) + struct.pack("!HH", kind, klass)


def read(message: bytes) -> Answer:
    """Return a message's records; bytes after the last one are let pass.

    A section that ends where the message does is whole, whatever the header counts: that is
    how a message that was cut to fit arrives.

    Raises:
        ValueError: it is no message; the second half of a sentence.
    """
    if len(message) < _HEADER.size:
        raise ValueError(f"has {len(message)} bytes, fewer than a header")
    number, flags, question_count, *counts = _HEADER.unpack_from(message)
    questions, at = _read_questions(message, question_count)
    sections: list[tuple[Record, ...]] = []
    for count in counts:
        records, at = _read_records(message, at, count)
        sections.append(records)
    answers, authorities, additionals = sections
    extended = next((each.ttl >> 24 for each in additionals if each.type == OPT), 0)
    return Answer(
        message,
        number,
        bool(flags & _IS_RESPONSE),
        bool(flags & _IS_CUT),
        flags & _RCODE | extended << 4,
        questions,
        answers,
        authorities,
        additionals,
    )


def soa_serial(message: bytes, record: Record) -> int:
    """Return the serial number of an SOA record (RFC 1035, 3.3.13).

    Raises:
        ValueError: it has none; the second half of a sentence.
    """
    at = _skip_name(message, _skip_name(message, record.data_start))
    if at + 4 > record.data_end:
        raise ValueError("has an SOA record without a serial number")
    return int.from_bytes(message[at : at + 4], "big")


def _read_questions(message: bytes, count: int) -> tuple[tuple[bytes, ...], int]:
    questions: list[bytes] = []
    at = _HEADER.size
    for _ in range(count):
        end = _skip_name(message, at) + 4
        if end > len(message):
            raise ValueError("ends within its question")
        questions.append(message[at:end])
        at = end
    return tuple(questions), at


def _read_records(message: bytes, at: int, count: int) -> tuple[tuple[Record, ...], int]:
    records: list[Record] = []
    for _ in range(count):
        if at == len(message):
            break
        fixed = _skip_name(message, at)
        start = fixed + _RECORD.size
        if start > len(message):
            raise ValueError("ends within a record")
        kind, klass, ttl, length = _RECORD.unpack_from(message, fixed)
        if start + length > len(message):
            raise ValueError("ends within the data of a record")
        records.append(Record(at, kind, klass, ttl, start, start + length))
        at = start + length
    return tuple(records), at


def _skip_name(message: bytes, at: int) -> int:
    """Return where a name ends; a pointer is its end and is not followed."""
    first = at
    while at < len(message):
        length = message[at]
        if length >= _POINTER:
            return at + 2
        if length > LABEL_LIMIT:
            raise ValueError("has a label of an unknown kind")
        at += 1 + length
        if at - first > NAME_LIMIT:
            raise ValueError(f"has a name of more than {NAME_LIMIT} bytes")
        if length == 0:
            return at
    raise ValueError("ends within a name")
