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
    from pillion_log_agent.pipeline.moments import Moments

_encode_lines = msgspec.json.Encoder().encode_lines
_times = time_decoder("time")
_HEAD, _END = b'{"time":"', b'"}\n'
_MARKS = {
    f" {stream} F ".encode(): f'","stream":"{stream}","_p":"F","log":"'.encode()
    for stream in ("stdout", "stderr")
}
_LONGER = {len(new) - len(old) for old, new in _MARKS.items()}.pop()
_ESCAPED = (b'"', b"\\", b"\t", b"\x1b")
"""What has to be escaped and is often there; a block with anything else of the kind is refused."""
ADDED = len(_HEAD) + _LONGER + len(_END) - 1
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
    times: Moments
    is_escaped: bool


def whole_cri(data: bytes) -> WholeBlock | None:
    """Return a block as JSON lines; None when a line is of another kind, or is a piece of one.

    None too where lines end in a carriage return, or say the time in a zone other than UTC.
    """
    if not data.endswith(b"\n") or b"\r" in data:
        return None
    is_escaped = any(each in data for each in _ESCAPED)
    inner, between = data[:-1], b"\n"
    if is_escaped:
        try:
            lines = inner.decode().split("\n")
        except UnicodeDecodeError:
            return None
        inner, between = _encode_lines(lines)[1:-2], b'"\n"'
    before = len(inner)
    for old, new in _MARKS.items():
        inner = inner.replace(old, new)
    marks = (len(inner) - before) // _LONGER
    block = _HEAD + inner.replace(between, b'"}\n' + _HEAD) + _END
    times = block_times(_times, block)
    # As many marks as lines, and what stands before each first one is a time: one in each.
    return WholeBlock(block, times, is_escaped) if times and len(times) == marks else None
