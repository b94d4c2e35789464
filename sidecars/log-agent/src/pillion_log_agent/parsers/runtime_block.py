"""A block of lines as a container runtime writes them, taken apart by the column. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.parsers.object_rows import ObjectRows
from pillion_log_agent.parsers.runtime import CRI_STREAMS, Shape, parse_piece
from pillion_log_agent.patterns.times import TimeFormat, show_iso
from pillion_log_agent.records.column import Column, Texts, WireTexts
from pillion_log_agent.records.columns import Columns, Record
from pillion_log_agent.records.json_rows import block_of, decode_fields
from pillion_log_agent.records.lines import wire_rows
from pillion_log_agent.records.spliced import Spliced
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import Wire, decoded, to_wire, without_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterable

_ISO = TimeFormat.compile("%Y-%m-%dT%H:%M:%S.%L%z")
_CRI_FIELDS = 4
_CRI_TAGS = frozenset({"F", "P"})
_INTERNED = {stream: stream for stream in CRI_STREAMS}
_NO_CRI = ["1970-01-01T00:00:00Z", "stdout", "F", ""]


@dataclass(slots=True)
class RuntimeBlock:
    """Lines, a row for each.

    Attributes:
        columns: the rows; one that no runtime wrote is odd, and has its text alone.
        times: as they were written; None for a row that says none.
        texts: what the program wrote; None for a row that no runtime wrote.
        streams: `stdout` or `stderr`.
        pieces: the rows whose line goes on in a later row of the same stream.
        offsets: where the rows begin within the block.
        is_wire: whether the texts are wire texts.
    """

    columns: Columns
    times: list[str | None]
    texts: list[str | None]
    streams: list[str]
    pieces: list[int]
    offsets: list[int]
    is_wire: bool = False

    def text(self, row: int) -> str:
        """Return what the program wrote, empty for a row that no runtime wrote."""
        text = self.texts[row] or ""
        return decoded(Wire(text)) if self.is_wire and not text.isascii() else text

    def next_of(self, stream: str, row: int) -> int | None:
        """Return the first row of a stream from a row on, None where there is none."""
        try:
            while True:
                row = self.streams.index(stream, row)
                if self.texts[row] is not None:
                    return row
                row += 1
        except ValueError:
            return None


def timestamps_of(times: list[str | None], now: int) -> Timestamps:
    """Return times as they were written as a column; None stands for now, in nanoseconds."""
    present = show_iso(now, 9) if None in times else ""
    written = [present if time is None else time for time in times]
    found = Timestamps.of_texts(written)
    if found is not None:
        return found
    parsed = [_ISO.parse(time, now) for time in written]
    return Timestamps([now if time is None else time for time in parsed])


def parse_runtime_block(data: bytes, runtimes: tuple[str, ...], shape: Shape) -> RuntimeBlock:
    """Return the rows of a block.

    Args:
        data: lines, each with its newline, save that the last may have none.
        runtimes: who may have written the file.
        shape: how the fields are called.
    """
    is_docker = "docker" in runtimes and (data.startswith(b"{") or "cri" not in runtimes)
    block, others = _docker(data) if is_docker else _cri(data, shape)
    for row, text in others:
        piece = parse_piece(text, runtimes, shape)
        fields: Record = {"log": text} if piece is None else piece.fields
        block.columns.odd[row] = fields
        block.times[row] = None if piece is None or piece.time is None else show_iso(piece.time, 9)
        block.texts[row] = None if piece is None else _as_in(block, piece.text)
        block.streams[row] = "" if piece is None else piece.stream
        if piece is not None and piece.is_partial:
            block.pieces.append(row)
    block.pieces.sort()
    return block


def _as_in(block: RuntimeBlock, text: str) -> str:
    return to_wire(without_surrogates(text).encode()) if block.is_wire else text


def _docker(data: bytes) -> tuple[RuntimeBlock, Iterable[tuple[int, str]]]:
    """Return the rows that are docker's, and the others with their text."""
    rows = ObjectRows.of(data)
    lines = block_of(rows.bodies)
    names = ("log", "stream", "time")
    (texts, streams, times), broken = decode_fields(lines, names, len(rows.bodies))
    unlike = {row for row, text in enumerate(texts) if not isinstance(text, str)} - {*rows.others}
    others = rows.texts(sorted(unlike.union(broken)))
    for row, _ in others:
        texts[row] = "\n"
    block = RuntimeBlock(
        Columns(len(texts), head=Spliced.of_bodies(rows.bodies, lines)),
        [time if isinstance(time, str) else None for time in times],
        texts,
        [stream if isinstance(stream, str) else "" for stream in streams],
        [row for row, text in enumerate(texts) if not text.endswith("\n")],
        rows.offsets(0),
    )
    return block, others


def _cri(data: bytes, shape: Shape) -> tuple[RuntimeBlock, Iterable[tuple[int, str]]]:
    """Return the rows that are CRI's, and the others with their text."""
    lines, offsets = wire_rows(data, 0)
    rows: list[Any] = [line.split(" ", _CRI_FIELDS - 1) for line in lines]
    others = [
        row
        for row, parts in enumerate(rows)
        if len(parts) != _CRI_FIELDS or parts[2] not in _CRI_TAGS or parts[1] not in CRI_STREAMS
    ]
    for row in others:
        rows[row] = _NO_CRI
    times, streams, tags, texts = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
    if Timestamps.of_texts(times) is None:
        unread = [row for row, time in enumerate(times) if Timestamps.of_texts([time]) is None]
        for row in unread:
            times[row], streams[row], tags[row], texts[row] = _NO_CRI
        others = sorted({*others, *unread})
    # One text for each stream, in the place of as many as there are rows.
    streams = list(map(_INTERNED.__getitem__, streams))
    fields: dict[str, Column] = {"time": Texts(times, is_plain=True)} if shape.keeps_time else {}
    fields |= {
        "stream": Texts(streams, is_plain=True),
        shape.tag: Texts(tags, is_plain=True),
        shape.text: WireTexts(texts),
    }
    pieces = [row for row, tag in enumerate(tags) if tag == "P"] if "P" in tags else []
    columns = Columns(len(rows), fields=fields)
    # The columns keep what they have: what is said of a row that is odd is changed here alone.
    copies = list(times), list(texts), list(streams)
    return RuntimeBlock(columns, *copies, pieces, offsets, is_wire=True), [
        (row, decoded(lines[row])) for row in others
    ]
