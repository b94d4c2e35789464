"""The current values of metrics as a table of a landing page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.metrics import exposition
from pillion.web.page import paragraph, section, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

MOST_ROWS = 500
_NOT_SHOWN = ("_bucket", "_created")


def values_section(metrics: Iterable[Metric]) -> str:
    """Return a titled box with a row for each series, but for the buckets of histograms."""
    rows = list(_rows(metrics))
    more = len(rows) - MOST_ROWS
    note = paragraph(f"{more} more series are on /metrics.") if more > 0 else ""
    return section("Metrics", table(("metric", "value", "what it is"), rows[:MOST_ROWS]), note)


def _rows(metrics: Iterable[Metric]) -> Iterator[tuple[str, str, str]]:
    for metric in metrics:
        for sample in metric.samples:
            if sample.name.endswith(_NOT_SHOWN):
                continue
            pairs = ", ".join(f'{name}="{text}"' for name, text in sample.labels.items())
            series = sample.name + (f"{{{pairs}}}" if pairs else "")
            yield series, exposition.number(sample.value), metric.documentation
