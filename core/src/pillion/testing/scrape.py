"""The text of `/metrics` as a value that a test can ask.

Source: the Prometheus text format 0.0.4; OpenMetrics 1.0 as far as they are alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \S+)?")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')
_ESCAPE = re.compile(r"\\(.)")

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """What one scrape saw.

    Attributes:
        types: by the family's name, its type.
        series: by name and labels, the value.
    """

    types: dict[str, str]
    series: dict[Series, float]

    @classmethod
    def parse(cls, text: str) -> Scrape:
        """Parse an exposition; raises ValueError for a line that is none, or a series twice."""
        types: dict[str, str] = {}
        series: dict[Series, float] = {}
        for line in text.split("\n"):
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                types[name] = kind
            elif line and not line.startswith("#"):
                key, value = _sample(line)
                if key in series:
                    raise ValueError(f"{line!r} is there twice")
                series[key] = value
        return cls(types, series)

    def value(self, name: str, **labels: str) -> float:
        """Return the value of one series; raises KeyError with the like ones when it is absent."""
        key = (name, frozenset(labels.items()))
        if key not in self.series:
            alike = [dict(found) for other, found in self.series if other == name]
            raise KeyError(f"{name}{labels} is not there; with that name: {alike or 'none'}")
        return self.series[key]

    def names(self) -> set[str]:
        """Return the names of all series."""
        return {name for name, _ in self.series}

    def labels(self, name: str) -> list[dict[str, str]]:
        """Return the labels of each series of a name."""
        return [dict(labels) for other, labels in self.series if other == name]


def _sample(line: str) -> tuple[Series, float]:
    match = _SAMPLE.fullmatch(line)
    if not match:
        raise ValueError(f"{line!r} is not a sample")
    labels = frozenset(
        (key, _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], value))
        for key, value in _LABEL.findall(match[2] or "")
    )
    return (match[1], labels), float(match[3])
