"""A block of whole lines in CRI's format as JSON lines, by replacing text and no more. Pure.

`time stdout F text` becomes `{"time":"time","stream":"stdout","_p":"F","log":"text"}`: what
stands between the texts is replaced over the whole block, and decoding the times proves that
every line was of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from pillion_log_agent.parsers.json import block_times, time_decoder

if TYPE_CHECKING:
    from pillion_log_agent.records.timestamps import Timestamps

_encode_lines = msgspec.json.Encoder().encode_lines
_times = time_decoder("time")
_HEAD, _END = b'{"time":', b"}\n"
_MARKS = {
    f" {stream} F ".encode(): f'","stream":"{stream}","_p":"F","log":"'.encode()
    for stream in ("stdout", "stderr")
}
_LONGER = {len(new) - len(old) for old, new in _MARKS.items()}.pop()
_BEGINNING = 4096
_ESCAPED = (b'"', b"\\", b"\t", b"\x1b")
"""What has to be escaped and is often there; a block with anything else of the kind is refused."""
ADDED = len(_HEAD) + 1 + _LONGER + 1 + len(_END) - 1
"""How much longer a line is for being an object, where nothing in it has to be escaped."""


@dataclass(frozen=True, slots=True)
class WholeBlock:
    """A block as JSON lines.

    Attributes:
        block: the lines.
        times: one for each.
        is_escaped: lines are longer by more than `ADDED`, for what had to be escaped.
    """

    block: bytes
    times: Timestamps
    is_escaped: bool


def whole_cri(data: bytes) -> WholeBlock | None:
    """Return a block as JSON lines; None when a line is of another kind, or is a piece of one.

    None too where lines end in a carriage return, or say the time in a zone other than UTC.
    """
    if not data.endswith(b"\n") or b"\r" in data:
        return None
    is_escaped = any(each in data for each in _ESCAPED)
    inner, quote = data[:-1], b'"'
    if is_escaped:
        try:
            lines = inner.decode().split("\n")
        except UnicodeDecodeError:
            return None
        inner, quote = _encode_lines(lines)[:-1], b""
    # Mostly one stream is written to, and to look for the other takes as long as all the rest.
    marks = [mark for mark in _MARKS if mark in data[:_BEGINNING]]
    found = _marked(inner, quote, marks)
    if found is None and len(marks) == 1:
        found = _marked(inner, quote, list(_MARKS))
    return WholeBlock(*found, is_escaped) if found is not None else None


def _marked(inner: bytes, quote: bytes, marks: list[bytes]) -> tuple[bytes, Timestamps] | None:
    """Return a block and its times, None when a line has none of the marks, or more than one.

    Args:
        inner: the lines but for the last newline, each a JSON string without its quotes, or
            with them.
        quote: what such a string still needs at both its ends.
        marks: what stands between time and text.
    """
    before = len(inner)
    for mark in marks:
        # It takes two thirds of the time of `replace`.
        inner = _MARKS[mark].join(inner.split(mark))
    count = (len(inner) - before) // _LONGER
    head, end = _HEAD + quote, quote + _END
    block = head + inner.replace(b"\n", end + head) + end
    times = block_times(_times, block) if count else None
    # As many marks as lines, and what stands before each first one is a time: one in each.
    return (block, times) if times is not None and len(times) == count else None
