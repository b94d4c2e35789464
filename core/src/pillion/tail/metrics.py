"""A tailer's figures as metrics, made at a scrape. Imported only where there are scrapes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

    from pillion.tail.status import FileStatus
    from pillion.tail.tailer import Tailer

MOST_FILES = 100
"""So many files have series of their own: those that lag the most."""


class TailCollector:
    """Collects the metrics of one tailer.

    Args:
        tailer: what is told about.
        prefix: what each name begins with.
        labels: what each series bears beside its own labels.
    """

    __slots__ = ("_label_names", "_label_values", "_prefix", "_tailer")

    def __init__(
        self, tailer: Tailer, prefix: str, labels: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._tailer = tailer
        self._prefix = prefix
        self._label_names = tuple(labels)
        self._label_values = tuple(labels.values())

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they stand."""
        yield from self._ledger()
        yield from self._gauges()
        yield from self._checkpoint()
        yield from self._files()

    def _ledger(self) -> Iterator[Metric]:
        ledger = self._tailer.ledger
        counter = self._counter
        yield counter("read_bytes", "Bytes read from files.", ledger.bytes_read)
        yield counter("delivered_bytes", "Bytes delivered.", ledger.bytes_delivered)
        if self._tailer.options.count_lines:
            yield counter("read_lines", "Lines read.", ledger.lines_read)
            yield counter("delivered_lines", "Lines delivered.", ledger.lines_delivered)
        yield self._counters("dropped_bytes", "Bytes read and not delivered.", ledger.dropped)
        yield self._counters(
            "lost_bytes", "Bytes known to be gone before they were read.", ledger.lost
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

    def _gauges(self) -> Iterator[Metric]:
        tailer = self._tailer
        yield self._gauge(
            "in_flight_bytes", "Bytes handed out, not delivered.", tailer.ledger.bytes_in_flight
        )
        yield self._gauge("open_files", "Files held open.", tailer.open_files)
        yield self._gauge(
            "unreadable_files",
            "Files and directories that may not be read.",
            len(tailer.refused),
        )

    def _checkpoint(self) -> Iterator[Metric]:
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

    def _files(self) -> Iterator[Metric]:
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
            metric = GaugeMetricFamily(
                f"{self._prefix}_{name}",
                f"{description} The {MOST_FILES} worst.",
                labels=(*self._label_names, "path"),
            )
            for path, values in worst:
                metric.add_metric((*self._label_values, path), values[index])
            yield metric

    def _counter(self, name: str, description: str, value: float) -> Metric:
        metric = CounterMetricFamily(
            f"{self._prefix}_{name}", description, labels=self._label_names
        )
        metric.add_metric(self._label_values, value)
        return metric

    def _counters(self, name: str, description: str, by_reason: Mapping[str, float]) -> Metric:
        metric = CounterMetricFamily(
            f"{self._prefix}_{name}", description, labels=(*self._label_names, "reason")
        )
        for reason, value in by_reason.items():
            metric.add_metric((*self._label_values, reason), value)
        return metric

    def _gauge(self, name: str, description: str, value: float) -> Metric:
        metric = GaugeMetricFamily(f"{self._prefix}_{name}", description, labels=self._label_names)
        metric.add_metric(self._label_values, value)
        return metric


def _by_path(files: list[FileStatus]) -> dict[str, tuple[float, float, float]]:
    """Return lag in bytes, lag in seconds and position of each path, old generations included."""
    found: dict[str, tuple[float, float, float]] = {}
    for file in files:
        lag, seconds, _ = found.get(file.path, (0.0, 0.0, 0.0))
        found[file.path] = (lag + file.lag_bytes, max(seconds, file.lag_seconds), file.acked)
    return found
