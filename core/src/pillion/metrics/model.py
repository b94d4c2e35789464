"""What a scrape carries, as plain values: families of samples.

Source: the Prometheus text format 0.0.4 and OpenMetrics 1.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["counter", "gauge", "histogram", "summary", "unknown"]
Labels = tuple[tuple[str, str], ...]

METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


# Named tuples: a scrape makes dozens, and a frozen dataclass takes three times as long to make.


class Sample(NamedTuple):
    """One series at one moment.

    Attributes:
        value: the figure, in the unit that the family's name ends with.
        labels: pairs of name and value, in the order in which they are written.
        suffix: what is added to the family's name (`_bucket`, `_sum`, `_count`), or nothing.
    """

    value: float
    labels: Labels = ()
    suffix: str = ""


class Family(NamedTuple):
    """One metric with all its series.

    Attributes:
        name: as the text format writes it, so a counter's name has its `_total`. A counter
            named without `_total` is legal in the text format and written as it is; in
            OpenMetrics, where it is not legal, it becomes `unknown` and keeps its name.
        kind: the type.
        description: one line for people, the HELP of the text format.
        samples: the series.
    """

    name: str
    kind: Kind
    description: str
    samples: Sequence[Sample]


class Source(Protocol):
    """Whatever can be asked for its families at a scrape; it must not block."""

    def families(self) -> Iterable[Family]:
        """Return the families as they stand now."""
        ...


def check_metric_name(name: str) -> None:
    """Raise ValueError when `name` is no metric name."""
    if not METRIC_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no metric name: letters, digits, _ and : only")


def check_label_name(name: str) -> None:
    """Raise ValueError when `name` is no label name, or one that Prometheus keeps for itself."""
    if not LABEL_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no label name: letters, digits and _, no digit first")
    if name.startswith("__"):
        raise ValueError(f"{name!r} is no label name for users: __ is kept for Prometheus")
