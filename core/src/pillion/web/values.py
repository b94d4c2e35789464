"""The current values of metrics as a table of a landing page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.metrics import exposition
from pillion.web.page import paragraph, section, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pillion.metrics import Family

MOST_ROWS = 500
_NOT_SHOWN = "_bucket"


def values_section(families: Iterable[Family]) -> str:
    """Return a titled box with a row for each series, but for the buckets of histograms."""
    rows = list(_rows(families))
    more = len(rows) - MOST_ROWS
    note = paragraph(f"{more} more series are on /metrics.") if more > 0 else ""
    return section("Metrics", table(("metric", "value", "what it is"), rows[:MOST_ROWS]), note)


def _rows(families: Iterable[Family]) -> Iterator[tuple[str, str, str]]:
    for family in families:
        for value, labels, suffix in family.samples:
            if suffix == _NOT_SHOWN:
                continue
            pairs = ", ".join(f'{name}="{text}"' for name, text in labels)
            series = f"{family.name}{suffix}" + (f"{{{pairs}}}" if pairs else "")
            yield series, exposition.number(value), family.description
