"""Families as text: the Prometheus text format 0.0.4 and OpenMetrics 1.0. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.metrics.model import Family, Labels

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def text(families: Iterable[Family]) -> str:
    """Return the families in the Prometheus text format 0.0.4."""
    lines: list[str] = []
    for family in families:
        name = family.name
        kind = "untyped" if family.kind == "unknown" else family.kind
        lines.append(f"# HELP {name} {_escape_help(family.description)}\n# TYPE {name} {kind}\n")
        _write_samples(lines, name, family)
    return "".join(lines)


def openmetrics(families: Iterable[Family]) -> str:
    """Return the families as OpenMetrics 1.0, with its closing `# EOF`.

    A counter's family drops the `_total` that its samples keep. A counter without `_total`
    is written as `unknown`, the one type that lets its series keep their name.
    """
    lines: list[str] = []
    for family in families:
        name, kind = family.name, family.kind
        if kind == "counter":
            if name.endswith("_total"):
                name = name.removesuffix("_total")
            else:
                kind = "unknown"
        escaped = _escape_label(family.description)
        lines.append(f"# HELP {name} {escaped}\n# TYPE {name} {kind}\n")
        _write_samples(lines, family.name, family)
    lines.append("# EOF\n")
    return "".join(lines)


def negotiate(accept: str) -> str:
    """Return the content type to answer an `Accept` header with: `OPENMETRICS` or `TEXT`.

    Prometheus asks for OpenMetrics first and gives weights (`;q=0.75`); the highest wins.
    """
    best, best_weight = TEXT, 0.0
    for part in accept.split(","):
        media, _, parameters = part.strip().partition(";")
        offer = {"application/openmetrics-text": OPENMETRICS, "text/plain": TEXT}.get(
            media.strip().lower()
        )
        weight = _weight(parameters)
        if offer and _version_is_ours(offer, parameters) and weight > best_weight:
            best, best_weight = offer, weight
    return best


def _version_is_ours(offer: str, parameters: str) -> bool:
    version = _parameter(parameters, "version")
    return version is None or version in (
        ("1.0.0", "0.0.1") if offer is OPENMETRICS else ("0.0.4",)
    )


def _weight(parameters: str) -> float:
    written = _parameter(parameters, "q")
    try:
        return 1.0 if written is None else float(written)
    except ValueError:
        return 0.0


def _parameter(parameters: str, name: str) -> str | None:
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return None


def _write_samples(lines: list[str], name: str, family: Family) -> None:
    for sample in family.samples:
        labels = _labels(sample.labels) if sample.labels else ""
        lines.append(f"{name}{sample.suffix}{labels} {number(sample.value)}\n")


def number(value: float) -> str:
    """Return a sample's value as both formats write it."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def _labels(labels: Labels) -> str:
    return "{" + ",".join([f'{key}="{_escape_label(value)}"' for key, value in labels]) + "}"


def _escape_label(value: str) -> str:
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return value


def _escape_help(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
