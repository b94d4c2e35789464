"""The metrics of one probe, held as figures and rendered as text without a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.metrics.exposition import number

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Gauge:
    """A family that a prober may report; defined once, as a constant beside the prober.

    Attributes:
        name: as it is exposed.
        head: the HELP and TYPE lines.
    """

    __slots__ = ("head", "name")

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.head = f"# HELP {name} {description}\n# TYPE {name} gauge\n"


class Report:
    """What a probe found, by family; a family that was never set is not there."""

    __slots__ = ("_labelled", "_values")

    def __init__(self) -> None:
        self._values: dict[Gauge, float] = {}
        self._labelled: dict[Gauge, dict[str, float]] = {}

    def set(self, gauge: Gauge, value: float) -> None:
        """Set a family without labels."""
        self._values[gauge] = value

    def get(self, gauge: Gauge) -> float | None:
        """Return what a family without labels was set to, or None."""
        return self._values.get(gauge)

    def label(self, gauge: Gauge, labels: Iterable[tuple[str, str]], value: float) -> None:
        """Set one series of a family with labels; the labels are written in this order."""
        text = ",".join([f'{name}="{content.translate(_ESCAPES)}"' for name, content in labels])
        self._labelled.setdefault(gauge, {})[text] = value

    def drop(self, gauge: Gauge) -> None:
        """Take a family out again."""
        self._values.pop(gauge, None)
        self._labelled.pop(gauge, None)

    def replace(self, gauge: Gauge, labels: Iterable[tuple[str, str]], value: float) -> None:
        """Set the only series of a family with labels, instead of what it had."""
        self._labelled.pop(gauge, None)
        self.label(gauge, labels, value)

    def text(self) -> str:
        """Return the Prometheus text format 0.0.4, families in alphabetical order."""
        blocks = [(g.name, f"{g.head}{g.name} {number(v)}\n") for g, v in self._values.items()]
        for gauge, series in self._labelled.items():
            lines = [f"{gauge.name}{{{labels}}} {number(v)}\n" for labels, v in series.items()]
            blocks.append((gauge.name, gauge.head + "".join(lines)))
        blocks.sort()
        return "".join([block for _, block in blocks])
