"""How the tailer of `tail` reads, from the properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.tail import FromLine, LastLines, TailOptions
from pillion_log_agent.inputs.tail_properties import LEAST_LINE

if TYPE_CHECKING:
    from pillion_log_agent.inputs.gzip_lines import LongLines
    from pillion_log_agent.inputs.tail_properties import TailProperties

CHUNK = 256 * 1024
SHORTEST_SCAN, LONGEST_SCAN = 0.5, 10.0


def options_of(properties: TailProperties, in_flight_bytes: int) -> TailOptions:
    """Return how the tailer reads."""
    longest = max(properties.buffer_max_size, LEAST_LINE)
    chunk = min(CHUNK, max(in_flight_bytes // 4, 1024))
    return TailOptions(
        exclude=properties.exclude_path,
        start=FromLine(1) if properties.read_from_head else LastLines(0),
        ignore_older=properties.ignore_older,
        chunk_bytes=chunk,
        in_flight_bytes=max(in_flight_bytes, longest + 1),
        max_line_bytes=longest,
        long_lines="split" if long_lines_of(properties) == "split" else "truncate",
        partial_flush=properties.partial_flush,
        rotate_wait=properties.rotate_wait,
        keep_names=True,
        scan_interval=max(min(properties.refresh_interval, LONGEST_SCAN), SHORTEST_SCAN),
        count_lines=False,
    )


def long_lines_of(properties: TailProperties) -> LongLines:
    """Return what a line that is too long becomes."""
    if properties.truncate_long_lines:
        return "truncate"
    return "drop" if properties.skip_long_lines else "split"
