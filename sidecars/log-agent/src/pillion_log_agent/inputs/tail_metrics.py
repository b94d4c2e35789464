"""What a tailer counts, as metrics of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from pillion.tail import Tailer


def tail_metrics(name: str, tailer: Tailer) -> Iterator[Metric]:
    """Yield the metrics of a tailer, labelled with its input."""
    # Only scrapes need it: 0.2 MB.
    from pillion.tail.metrics import TailCollector  # noqa: PLC0415

    return TailCollector(tailer, "pillion_log_agent_tail", {"input": name}).collect()
