"""A tailer's figures as metrics, made at a scrape. Imported only where there are scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pillion.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pillion.tail.status import FileStatus
    from pillion.tail.tailer import Tailer

MOST_FILES = 100
"""So many files have series of their own: those that lag the most."""


class TailFamilies:
    """The source of one tailer's families; names begin with the prefix."""

    __slots__ = ("_prefix", "_tailer")

    def __init__(self, tailer: Tailer, prefix: str) -> None:
        self._tailer = tailer
        self._prefix = prefix

    def families(self) -> Iterator[Family]:
        """Yield the families as they stand."""
        yield from self._ledger()
        yield from self._gauges()
        yield from self._checkpoint()
        yield from self._files()

    def _ledger(self) -> Iterator[Family]:
        ledger = self._tailer.ledger
        counter = self._counter
        yield counter("read_bytes", "Bytes read from files.", ledger.bytes_read)
        yield counter("delivered_bytes", "Bytes delivered.", ledger.bytes_delivered)
        if self._tailer.options.count_lines:
            yield counter("read_lines", "Lines read.", ledger.lines_read)
            yield counter("delivered_lines", "Lines delivered.", ledger.lines_delivered)
        dropped = [Sample(count, (("reason", why),)) for why, count in ledger.dropped.items()]
        yield self._family(
            "dropped_bytes_total", "counter", "Bytes read and not delivered.", dropped
        )
        lost = [Sample(count, (("reason", reason),)) for reason, count in ledger.lost.items()]
        yield self._family(
            "lost_bytes_total", "counter", "Bytes known to be gone before they were read.", lost
        )
        yield counter("long_lines", "Lines longer than the limit.", ledger.long_lines)
        yield counter(
            "partial_lines", "Last lines delivered without a newline.", ledger.partial_lines
        )
        yield counter("rotations", "Files followed by another.", ledger.rotations)
        yield counter("truncations", "Files that were cut.", ledger.truncations)
        yield counter("read_errors", "Reads that the system refused.", ledger.read_errors)
        yield counter(
            "reclaimed_bytes", "Bytes given back to the file system.", ledger.bytes_reclaimed
        )

    def _gauges(self) -> Iterator[Family]:
        tailer = self._tailer
        yield self._gauge(
            "in_flight_bytes", "Bytes handed out, not delivered.", tailer.ledger.bytes_in_flight
        )
        yield self._gauge("open_files", "Files held open.", tailer.open_files)
        yield self._gauge(
            "unreadable_files", "Paths that are there and cannot be read.", tailer.unreadable_paths
        )

    def _checkpoint(self) -> Iterator[Family]:
        checkpoint = self._tailer.checkpoint
        if checkpoint is not None:
            yield self._counter(
                "checkpoint_writes", "Checkpoints that were written.", checkpoint.writes
            )
            yield self._counter(
                "checkpoint_failures", "Checkpoints that could not be.", checkpoint.failures
            )
            yield self._counter(
                "checkpoint_unreadable", "Copies that could not be read.", checkpoint.unreadable
            )

    def _files(self) -> Iterator[Family]:
        files = self._tailer.status()
        yield self._gauge(
            "lag_bytes", "Bytes not delivered, all files.", sum(file.lag_bytes for file in files)
        )
        yield self._gauge(
            "lag_seconds",
            "How long the oldest of them have waited.",
            max((file.lag_seconds for file in files), default=0.0),
        )
        worst = sorted(_by_path(files).items(), key=lambda item: -item[1][0])[:MOST_FILES]
        for index, (name, description) in enumerate(
            (
                ("file_lag_bytes", "Bytes not delivered."),
                ("file_lag_seconds", "How long the oldest of them have waited."),
                ("file_position_bytes", "How far the newest file at the path is delivered."),
            )
        ):
            samples = [Sample(values[index], (("path", path),)) for path, values in worst]
            yield self._family(name, "gauge", f"{description} The {MOST_FILES} worst.", samples)

    def _counter(self, name: str, description: str, value: float) -> Family:
        return self._family(f"{name}_total", "counter", description, (Sample(value),))

    def _gauge(self, name: str, description: str, value: float) -> Family:
        return self._family(name, "gauge", description, (Sample(value),))

    def _family(
        self,
        name: str,
        kind: Literal["counter", "gauge"],
        description: str,
        samples: Sequence[Sample],
    ) -> Family:
        return Family(f"{self._prefix}_{name}", kind, description, samples)


def _by_path(files: list[FileStatus]) -> dict[str, tuple[float, float, float]]:
    """Return lag in bytes, lag in seconds and position of each path, old generations included."""
    found: dict[str, tuple[float, float, float]] = {}
    for file in files:
        lag, seconds, _ = found.get(file.path, (0.0, 0.0, 0.0))
        found[file.path] = (lag + file.lag_bytes, max(seconds, file.lag_seconds), file.acked)
    return found
