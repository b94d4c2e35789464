"""The JSON parser: one object a line, as docker writes them. Pure."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import msgspec

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.parsers.lenient import decode_leniently
from pillion_log_agent.parsers.parsed import Parsed
from pillion_log_agent.parsers.shared import Finishing, ParserProperties
from pillion_log_agent.records.timestamps import Timestamps

_DECODE_ERRORS = (msgspec.DecodeError, UnicodeError, RecursionError)
_time_of = attrgetter("time")
_object = msgspec.json.Decoder()


class JsonParser:
    """Parses JSON objects."""

    __slots__ = ("_finishing", "_times", "name")

    def __init__(self, properties: ParserProperties) -> None:
        self.name = properties.name
        self._finishing = Finishing.of(properties)
        self._times = None
        time_format = self._finishing.time_format
        if time_format is not None and time_format.is_iso and not self._finishing.changes_fields:
            self._times = time_decoder(self._finishing.time_key)

    def parse(self, text: str, now: int) -> Parsed | None:
        """Return the fields of one object."""
        fields = decode_object(text)
        if fields is None:
            return None
        return Parsed(fields, self._finishing.finish(fields, now))

    def parse_block(self, data: bytes) -> Timestamps | None:
        """Return the times of a block of objects that stay as they are."""
        if self._times is None or not data.startswith(b"{") or not data.endswith(b"}\n"):
            return None
        return block_times(self._times, data)


def block_times(decoder: Any, data: bytes) -> Timestamps | None:
    """Return the times of a block of objects, None when one is no object or has no such time.

    Args:
        decoder: of `time_decoder`.
        data: JSON lines.
    """
    try:
        # What is skipped is checked for everything but its UTF-8.
        found = decoder.decode_lines(data)
        if not data.isascii():
            data.decode()
    except _DECODE_ERRORS:
        return None
    return Timestamps.of_texts(list(map(_time_of, found)))


def decode_object(text: str | bytes) -> dict[str, Any] | None:
    """Return the fields of one JSON object, None when the text is none."""
    try:
        value = _object.decode(text)
    except _DECODE_ERRORS:
        value = decode_leniently(text)
    return value if isinstance(value, dict) else None


def time_decoder(key: str) -> Any:
    """Return a decoder that takes one field, which must be text, and skips the others."""
    kind = msgspec.defstruct("Time", [("time", str)], rename={"time": key}, gc=False)
    return msgspec.json.Decoder(kind)


JSON = Declaration(
    name="json",
    summary="JSON objects.",
    properties=ParserProperties,
    required=("name",),
    build=JsonParser,
)
