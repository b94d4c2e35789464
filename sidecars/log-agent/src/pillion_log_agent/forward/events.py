"""Events of the forward protocol: MessagePack to times and records. Pure.

Most blocks of events are decoded by one call; one in which something is not as it should be is
decoded event by event, and only what is wrong is left out.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgpack
import msgspec

from pillion_log_agent.forward.framing import Framer, FramingError

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000_000
DEEPEST = 64
EVENT_LIMIT = 8 * 1024 * 1024
BLOCK_EVENTS, BLOCK_BYTES = 4096, 512 * 1024
PIECE = 64 * 1024
_LATEST = 253_402_300_799 * SECOND  # the end of the year 9999
_PAIR = 2
_STR_ONLY = frozenset({str})
_PLAIN = frozenset({str, int, float, bool, type(None)})


class EventTime(int):
    """Nanoseconds since 1970; extension type 0 of the protocol."""

    __slots__ = ()


@dataclass(slots=True)
class Events:
    """A block of events.

    Attributes:
        times: of each; nanoseconds since 1970.
        records: of each.
        malformed: how many there were beside these that are no `[time, record]`.
        groups: markers of fluent-bit's groups, which are no records.
    """

    times: list[int] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    malformed: int = 0
    groups: int = 0


def blocks_of(events: bytes, compression: str, limit: int) -> Iterator[tuple[int, bytes]]:
    """Yield how many events there are, and their bytes, block by block.

    Args:
        events: the bytes of a message.
        compression: of the bytes; empty or gzip.
        limit: the most bytes that they may unfold into.

    Raises:
        FramingError: they are no MessagePack, or unfold into too much.
    """
    framer = Framer(EVENT_LIMIT)
    for piece in _pieces(events, compression, limit):
        framer.feed(piece)
        while True:
            count, block = framer.next_block(BLOCK_EVENTS, BLOCK_BYTES)
            if not count:
                break
            yield count, block
    if framer.pending:
        raise FramingError("events that are cut off")


def _pieces(events: bytes, compression: str, limit: int) -> Iterator[bytes]:
    if not compression:
        view = memoryview(events)
        for start in range(0, len(events), PIECE):
            yield bytes(view[start : start + PIECE])
    elif compression == "gzip":
        yield from _unzipped(events, limit)
    else:
        raise FramingError(f"events that are compressed with {compression}, not gzip")


def _unzipped(data: bytes, limit: int) -> Iterator[bytes]:
    """Yield what gzip members, one behind the other, unfold into, never more than a piece."""
    size = 0
    while data:
        unzip = zlib.decompressobj(wbits=31)
        while not unzip.eof:
            try:
                piece = unzip.decompress(data, PIECE)
            except zlib.error:
                raise FramingError("events that are no gzip") from None
            data = unzip.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise FramingError(f"compressed events that unfold into more than {limit} bytes")
            if piece:
                yield piece
            elif not data and not unzip.eof:
                raise FramingError("compressed events that are cut off")
        data = unzip.unused_data


def decode_events(count: int, block: bytes, now: int) -> Events:
    """Return the events of a block.

    Args:
        count: how many there are.
        block: whole events, one behind the other.
        now: nanoseconds, for an event that says no time that can be had.
    """
    try:
        found: list[Any] = _decoder.decode(b"\xdd" + count.to_bytes(4, "big") + block)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError, ValueError):
        found = list(_one_by_one(block))
    events = Events()
    for each in found:
        _take(each, events, now)
    return events


def _one_by_one(block: bytes) -> Iterator[Any]:
    framer = Framer(len(block))
    framer.feed(block)
    while (data := framer.next()) is not None:
        try:
            yield msgpack.unpackb(
                data,
                unicode_errors="replace",
                strict_map_key=False,
                ext_hook=_extension,
                timestamp=3,
            )
        except (ValueError, TypeError, RecursionError, OverflowError):
            yield None


def _take(event: Any, events: Events, now: int) -> None:
    """Add an event, or count it."""
    if not isinstance(event, list) or len(event) != _PAIR or not isinstance(event[1], dict):
        events.malformed += 1
        return
    time, record = event
    if isinstance(time, list) and time:
        # fluent-bit keeps metadata beside the time; a negative one marks a group.
        time = time[0]
        if isinstance(time, int) and time < 0:
            events.groups += 1
            return
    is_plain = _STR_ONLY.issuperset(map(type, record)) and _PLAIN.issuperset(
        map(type, record.values())
    )
    if not is_plain:
        try:
            record = _normal(record, 0)
        except FramingError:
            events.malformed += 1
            return
    events.times.append(_nanoseconds(time, now))
    events.records.append(record)


def _nanoseconds(time: Any, now: int) -> int:
    """Return a time; now where it is none, or is out of all reason."""
    if type(time) is int:
        time *= SECOND
    elif isinstance(time, float):
        time = int(time * SECOND) if 0 <= time < _LATEST / SECOND else -1
    elif not isinstance(time, EventTime):
        return now
    return int(time) if 0 <= time <= _LATEST else now


def _normal(value: Any, depth: int) -> Any:
    """Return a value of which JSON can be made; raises FramingError."""
    if depth > DEEPEST:
        raise FramingError("a record that is nested too deeply")
    kind = type(value)
    if kind is EventTime:
        return value / SECOND
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {_key(key): _normal(each, depth + 1) for key, each in value.items()}
    if kind is list:
        return [_normal(each, depth + 1) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def _extension(code: int, data: bytes | memoryview) -> Any:
    """Return the time that an extension is, else its bytes as hexadecimal digits."""
    if code == 0 and len(data) == 8:  # noqa: PLR2004  # two numbers of 32 bits
        seconds, rest = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big")
        return EventTime(seconds * SECOND + rest)
    return bytes(data).hex()


_decoder = msgspec.msgpack.Decoder(ext_hook=_extension)
