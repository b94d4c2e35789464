"""How a tailer reads: every figure that a caller may want to turn, with its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pillion.errors import ConfigurationError

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class FromLine:
    """Start at this line, counted from 1: `tail -n +K`. `FromLine(1)` is the beginning."""

    number: int = 1


@dataclass(frozen=True, slots=True)
class LastLines:
    """Start so many lines before the end: `tail -n K`. `LastLines(0)` is the end."""

    count: int = 10


@dataclass(frozen=True, slots=True)
class FromOffset:
    """Start at this byte: what was in a file when it was left out for its age."""

    offset: int


Start = FromLine | LastLines | FromOffset
LongLines = Literal["split", "truncate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TailOptions:
    """How a tailer reads.

    Attributes:
        exclude: globs of paths to leave out; one without a slash is matched with the last name.
        start: where to start in a file that is there at the start and has no checkpoint. A file
            that appears later is read from its beginning, always.
        ignore_older: leave out files that were last written to more seconds ago than this, unless
            the checkpoint knows them; what is added to one is read. 0 leaves out none.
        chunk_bytes: the size of a chunk, and so what one file gets before the next has its turn.
        in_flight_bytes: how much may be handed out and not acknowledged, over all files.
        max_line_bytes: the longest line, without its newline.
        long_lines: what a longer one becomes: `split` delivers it in pieces, `truncate` its
            first piece only (the rest is counted as dropped).
        partial_flush: seconds after which a last line without a newline is delivered.
        rotate_wait: seconds for which a rotated or deleted file must have been quiet, and read
            to its end, before it is let go.
        poll_min: seconds between two looks at a file that is being written.
        poll_max: seconds between two looks at a quiet file whose directory is not watched.
        poll_watched: seconds between two looks at a quiet file whose directory is watched.
        scan_interval: seconds between two searches for new files that match a glob.
        checkpoint_interval: seconds between two writes of the checkpoint, at least.
        keep_names: write the checkpoint before the first chunk of a generation is handed out, so
            that its identity holds over a crash too. Whoever makes ids of it needs this.
        reclaim: give the acknowledged part of live files back to the file system.
        max_open_files: how many files to hold open; 0 takes what the process may, less 64.
        count_lines: count the lines of each chunk. It costs 0.1 s of CPU for 200 MB; who finds
            out how many there are anyway leaves it out.
    """

    exclude: tuple[str, ...] = ()
    start: Start = FromLine(1)
    ignore_older: float = 0.0
    chunk_bytes: int = 256 * KIB
    in_flight_bytes: int = 8 * MIB
    max_line_bytes: int = MIB
    long_lines: LongLines = "split"
    partial_flush: float = 5.0
    rotate_wait: float = 30.0
    poll_min: float = 0.004
    poll_max: float = 0.25
    poll_watched: float = 1.0
    scan_interval: float = 1.0
    checkpoint_interval: float = 1.0
    keep_names: bool = False
    reclaim: bool = False
    max_open_files: int = 0
    count_lines: bool = True

    def __post_init__(self) -> None:
        if self.chunk_bytes < KIB:
            raise ConfigurationError(f"chunk_bytes is {self.chunk_bytes}; 1024 is the least")
        if self.max_line_bytes < 1:
            raise ConfigurationError(f"max_line_bytes is {self.max_line_bytes}; 1 is the least")
        least = max(self.chunk_bytes, self.max_line_bytes + 1)
        if self.in_flight_bytes < least:
            raise ConfigurationError(
                f"in_flight_bytes is {self.in_flight_bytes}; it must hold a chunk and the longest "
                f"line, so {least} is the least"
            )
        for name in ("poll_min", "poll_max", "poll_watched", "scan_interval"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be above 0")
