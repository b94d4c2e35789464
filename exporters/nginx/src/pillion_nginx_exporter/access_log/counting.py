"""Blocks of lines in, counts out: each line under the format that fits it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pillion_nginx_exporter.access_log.fields import Value
    from pillion_nginx_exporter.access_log.totals import Totals

_SAMPLE_BYTES = 200


class Reader(Protocol):
    """Reads the lines that fit, by one format."""

    def read(self, block: bytes) -> bytes:
        """Count what fits at once of whole lines; return the lines that do not."""
        ...

    def read_thoroughly(self, block: bytes) -> bytes:
        """Do the same for lines that took no reader's shorter way."""
        ...

    def requests(self, block: bytes) -> Iterable[tuple[Value, Value]]:
        """Return the request line or URI of lines that fit, each with its time."""
        ...


class AccessLog:
    """Counts blocks.

    Attributes:
        totals: what it counts into.
        sample: the beginning of the last line that fit no format; empty when there was none.
    """

    __slots__ = ("_readers", "sample", "totals")

    def __init__(self, readers: Sequence[Reader], totals: Totals) -> None:
        """Take what lines are read by, the likeliest first."""
        self._readers = list(readers)
        self.totals = totals
        self.sample = ""

    def requests(self, block: bytes) -> Iterator[tuple[Value, Value]]:
        """Yield the request line or URI of whole lines, each with its time; nothing is counted."""
        block += b"" if block.endswith(b"\n") else b"\n"
        for reader in self._readers:
            yield from reader.requests(block)

    def count(self, block: bytes) -> None:
        """Count whole lines; the last one's newline may be missing."""
        if not block:
            return
        if not block.endswith(b"\n"):
            block += b"\n"
        rest = block
        for index, reader in enumerate(self._readers):
            unfit = reader.read(rest)
            if not unfit:
                if index and rest is block:
                    # All of it fit this one: it comes first for the next block.
                    self._readers.insert(0, self._readers.pop(index))
                return
            rest = block if len(unfit) == len(block) else unfit
        for reader in self._readers:
            rest = reader.read_thoroughly(rest)
            if not rest:
                return
        self.totals.parse_errors += rest.count(b"\n")
        # As a literal: control characters and escapes of a terminal do not get out.
        self.sample = repr(rest[: rest.index(b"\n")][:_SAMPLE_BYTES])[2:-1]
