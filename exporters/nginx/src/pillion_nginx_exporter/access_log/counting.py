"""Blocks of lines in, counts out: each line under the format that fits it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pillion_nginx_exporter.access_log.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.formats import LogFormat
    from pillion_nginx_exporter.access_log.totals import Totals

_FOLD_BYTES = 8 * 1024 * 1024
_SAMPLE_BYTES = 200
_STRICT_BLOCKS = 16
"""So many blocks go to the strict pattern after one that the fast pattern was no good for."""


class Reader(Protocol):
    """Reads the lines that fit, by one format."""

    def read(self, block: bytes, lines: int) -> bytes:
        """Count what fits of a block that has so many newlines; return the lines that do not."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether it is time to fold."""
        ...

    def fold(self, totals: Totals) -> None:
        """Count into the totals what was read."""
        ...


class PatternReader:
    """Reads lines of a `log_format`."""

    __slots__ = ("_fast", "_strict", "_strict_left", "_tally")

    def __init__(self, log_format: LogFormat, label_names: Sequence[str]) -> None:
        self._fast, self._strict = log_format.fast, log_format.strict
        self._tally = Tally(log_format.columns, label_names)
        self._strict_left = 0

    def read(self, block: bytes, lines: int) -> bytes:
        """Count what fits of a block that has so many newlines; return the lines that do not."""
        if self._strict_left:
            self._strict_left -= 1
        else:
            rows = self._fast.findall(block)
            if len(rows) == lines:
                self._tally.add(rows)
                return b""
            self._strict_left = _STRICT_BLOCKS
        rows = self._strict.findall(block)
        self._tally.add(rows)
        if len(rows) == lines:
            return b""
        return self._strict.sub(b"", block) if rows else block

    @property
    def is_full(self) -> bool:
        """Whether it is time to fold."""
        return self._tally.is_full

    def fold(self, totals: Totals) -> None:
        """Count into the totals what was read."""
        self._tally.fold(totals)


class AccessLog:
    """Counts blocks.

    Attributes:
        sample: the beginning of the last line that fit no format; empty when there was none.
    """

    __slots__ = ("_bytes", "_readers", "_totals", "sample")

    def __init__(self, readers: Sequence[Reader], totals: Totals) -> None:
        """Take what lines are read by, the likeliest first."""
        self._readers = list(readers)
        self._totals = totals
        self._bytes = 0
        self.sample = ""

    def count(self, block: bytes) -> None:
        """Count whole lines; the last one's newline may be missing."""
        if not block:
            return
        if not block.endswith(b"\n"):
            block += b"\n"
        self._bytes += len(block)
        rest, lines = block, block.count(b"\n")
        for index, reader in enumerate(self._readers):
            rest = reader.read(rest, lines)
            if not rest:
                if index and lines == block.count(b"\n"):
                    # All of it fit this one: it comes first for the next block.
                    self._readers.insert(0, self._readers.pop(index))
                break
            lines = rest.count(b"\n")
        if rest:
            self._totals.parse_errors += lines
            # As a literal: control characters and escapes of a terminal do not get out.
            self.sample = repr(rest[: rest.index(b"\n")][:_SAMPLE_BYTES])[2:-1]
        if self._bytes > _FOLD_BYTES or any(reader.is_full for reader in self._readers):
            self.fold()

    def fold(self) -> Totals:
        """Bring the totals up to date and return them."""
        for reader in self._readers:
            reader.fold(self._totals)
        self._bytes = 0
        return self._totals
