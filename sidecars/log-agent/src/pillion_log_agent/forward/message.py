"""What a message of the forward protocol is: its mode, its tag, its events, its options. Pure.

Source: "Forward Protocol Specification v1", "Event Modes".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgpack
import msgspec

from pillion_log_agent.forward.framing import FramingError

LONGEST_TAG = 1024
LONGEST_CHUNK_ID = 256
FEWEST_ENTRIES, MOST_ENTRIES = 2, 4
_SIGNALS = {0: "", 1: "metrics", 2: "traces"}
_FIX_ARRAY, _ARRAY_16, _ARRAY_32 = range(0x90, 0xA0), 0xDC, 0xDD
_FIX_STR, _STR = range(0xA0, 0xC0), (0xD9, 0xDA, 0xDB)
_BIN = (0xC4, 0xC5, 0xC6)

_parts = msgspec.msgpack.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        tag: of all its events.
        events: `[time, record]` in MessagePack, one behind the other; compressed, their bytes.
        chunk: what an acknowledgement says, or empty where none is asked for.
        compression: empty, or the name of what the events are compressed with.
        signal: empty for logs, else what else fluent-bit sends: metrics or traces.
    """

    tag: str
    events: bytes
    chunk: str = ""
    compression: str = ""
    signal: str = ""


def parse_message(data: bytes) -> Message:
    """Return the message that a whole MessagePack value is.

    Raises:
        FramingError: it is none.
    """
    parts = _list_of(data)
    if not FEWEST_ENTRIES <= len(parts) <= MOST_ENTRIES:
        raise FramingError("a message that has neither two, three nor four entries")
    tag = _text_of(parts[0], "tag", LONGEST_TAG)
    kind = parts[1][0]
    if kind in _FIX_ARRAY or kind in (_ARRAY_16, _ARRAY_32):
        return _with_options(tag, _entries(parts[1]), parts[2:3])
    if kind in _FIX_STR or kind in _STR or kind in _BIN:
        return _with_options(tag, _payload(parts[1]), parts[2:3])
    if len(parts) < 3:  # noqa: PLR2004  # tag, time and record
        raise FramingError("a message without a record")
    return _with_options(tag, b"\x92" + parts[1] + parts[2], parts[3:4])


def _with_options(tag: str, events: bytes, options: list[bytes]) -> Message:
    found = decode(options[0]) if options else None
    if found is None:
        return Message(tag, events)
    if not isinstance(found, dict):
        raise FramingError("options that are no map")
    chunk = found.get("chunk") or ""
    if isinstance(chunk, bytes):
        chunk = chunk.decode("utf-8", "surrogateescape")
    if not isinstance(chunk, str) or len(chunk) > LONGEST_CHUNK_ID:
        raise FramingError("a chunk id that is no text, or too long")
    compression = found.get("compressed") or ""
    signal = found.get("fluent_signal") or 0
    return Message(
        tag,
        events,
        chunk,
        "" if compression == "text" else str(compression)[:20],
        _SIGNALS.get(signal, "unknown") if isinstance(signal, int) else "unknown",
    )


def decode(data: bytes) -> Any:
    """Return a small value; bytes of a text that are no UTF-8 stay as surrogates.

    Raises:
        FramingError: it cannot be read.
    """
    try:
        return msgpack.unpackb(data, unicode_errors="surrogateescape", strict_map_key=False)
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise FramingError("a value that cannot be read") from None


def _list_of(data: bytes) -> list[bytes]:
    try:
        return [bytes(part) for part in _parts.decode(data)]
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise FramingError("a message that is no array") from None


def _text_of(data: bytes, what: str, longest: int) -> str:
    value = decode(data)
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if not isinstance(value, bytes) or not 0 < len(value) <= longest:
        raise FramingError(f"a {what} that is no text, is empty, or is too long")
    return value.decode("utf-8", "replace")


def _entries(data: bytes) -> bytes:
    """Return what is in an array."""
    head = {_ARRAY_16: 3, _ARRAY_32: 5}.get(data[0], 1)
    return data[head:]


def _payload(data: bytes) -> bytes:
    """Return what is in a string, of whatever bytes, or in a binary."""
    head = {0xD9: 2, 0xDA: 3, 0xDB: 5, 0xC4: 2, 0xC5: 3, 0xC6: 5}.get(data[0], 1)
    return data[head:]
