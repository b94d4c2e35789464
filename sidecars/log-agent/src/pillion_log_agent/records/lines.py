"""Lines: cutting a block into them, and quoting each as a JSON object. Pure."""

from __future__ import annotations

from itertools import accumulate, repeat
from operator import add
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

_encode_lines = msgspec.json.Encoder().encode_lines


def split_lines(data: bytes, start: int) -> tuple[list[bytes], list[int]]:
    """Return the lines of a block without their ends, and where each of them begins."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    *offsets, _ = accumulate(map(add, map(len, lines), repeat(1)), initial=start)
    if b"\r" in data:
        lines = [line.removesuffix(b"\r") for line in lines]
    return lines, offsets


def quoted(key: str, texts: Sequence[str], end: str = "") -> bytes:
    """Return JSON lines with each text as the one field, quoted by one call.

    Args:
        key: of the field.
        texts: of the lines.
        end: is added to each text.
    """
    if not texts:
        return b""
    # A newline that is not escaped ends a line; one byte is found ten times as fast as two.
    lines = _encode_lines(list(map(add, texts, repeat(end))) if end else texts)
    head = b"{" + _encode_lines([key])[:-1] + b":"
    return head + lines[:-1].replace(b"\n", b"}\n" + head) + b"}\n"
