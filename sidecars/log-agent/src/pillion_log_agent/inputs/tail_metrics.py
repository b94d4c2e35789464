"""What a tailer counts, as metrics of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.tail import Tailer

_COUNTERS = {
    "rotations": "Files that were followed by another at the same path.",
    "truncations": "Files that were cut.",
    "long_lines": "Lines that were longer than the longest line.",
    "partial_lines": "Last lines that were delivered without a newline.",
    "read_errors": "Reads that the operating system refused.",
    "bytes_reclaimed": "Bytes that were given back to the file system.",
}


def tail_families(name: str, tailer: Tailer) -> Iterator[Family]:
    """Yield the metrics of a tailer, labelled with its input."""
    label = (("input", name),)
    ledger = tailer.ledger
    for attribute, description in _COUNTERS.items():
        yield Family(
            f"pillion_log_agent_tail_{attribute}_total",
            "counter",
            description,
            [Sample(getattr(ledger, attribute), label)],
        )
    yield Family(
        "pillion_log_agent_tail_lost_bytes_total",
        "counter",
        "Bytes known to be gone before they were read, by reason.",
        [Sample(count, (*label, ("reason", reason))) for reason, count in ledger.lost.items()],
    )
    files = tailer.status()
    yield Family(
        "pillion_log_agent_tail_open_files",
        "gauge",
        "Files that are held open.",
        [Sample(tailer.open_files, label)],
    )
    yield Family(
        "pillion_log_agent_tail_lag_bytes",
        "gauge",
        "Bytes in the files that are not acknowledged.",
        [Sample(sum(each.lag_bytes for each in files), label)],
    )
    yield Family(
        "pillion_log_agent_tail_lag_seconds",
        "gauge",
        "How long the oldest of those have waited.",
        [Sample(max((each.lag_seconds for each in files), default=0.0), label)],
    )
    yield Family(
        "pillion_log_agent_tail_in_flight_bytes",
        "gauge",
        "Bytes that were read and not acknowledged.",
        [Sample(ledger.bytes_in_flight, label)],
    )
