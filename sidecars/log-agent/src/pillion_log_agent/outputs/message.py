"""The forms that http, tcp and udp send records in. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pillion_log_agent.outputs.gelf_message import GelfKeys, messages
from pillion_log_agent.outputs.rendering import Date, lines, objects
from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.wire import from_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.records.batch import Batch

    Render = Callable[[Sequence[Batch]], bytes]

_encode = msgspec.msgpack.Encoder().encode
_EVENT_TIME = 0
"""The extension type of a time, in the forward protocol's specification."""


@dataclass(frozen=True, slots=True)
class MessageProperties:
    """How records are written.

    Attributes:
        format: json, json_lines, json_stream, msgpack or gelf.
        date_key: the field of the time; `false` leaves it out.
        date_format: how the time is written.
        gelf: which fields have what GELF needs.
    """

    format: str
    date_key: str = "date"
    date_format: str = "double"
    gelf: GelfKeys = field(default_factory=GelfKeys)

    @property
    def date(self) -> Date:
        """The field of the time."""
        is_off = self.date_key.lower() in ("false", "off", "no")
        return Date("" if is_off else self.date_key, self.date_format)


def message_of(properties: MessageProperties) -> Render:
    """Return what writes batches as one body."""
    date, keys = properties.date, properties.gelf
    if properties.format == "json_lines":
        return lambda batches: b"".join(lines(batch, date) for batch in batches)
    if properties.format == "msgpack":
        return lambda batches: b"".join(map(events, batches))
    if properties.format == "gelf":
        return lambda batches: b"".join(
            message + b"\n" for batch in batches for message in messages(batch, keys)
        )
    begin, between, end = ("", "", "") if properties.format == "json_stream" else ("[", ",", "]")
    return lambda batches: from_wire(
        begin + between.join(each for batch in batches for each in objects(batch, date)) + end
    )


def events(batch: Batch) -> bytes:
    """Return records as fluent-bit has them in MessagePack: `[[time, {}], record]` for each."""
    return b"".join(
        _encode([[msgspec.msgpack.Ext(_EVENT_TIME, _event_time(time)), {}], record])
        for time, record in zip(batch.times.nanoseconds(), batch.decoded(), strict=True)
    )


def _event_time(time: int) -> bytes:
    return struct.pack(">II", max(time, 0) // SECOND & 0xFFFFFFFF, max(time, 0) % SECOND)
