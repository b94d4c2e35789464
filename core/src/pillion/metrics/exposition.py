"""Families as text: the Prometheus text format 0.0.4 and OpenMetrics 1.0. Pure."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.metrics.model import Family, Kind, Labels, Sample

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def text(families: Iterable[Family]) -> str:
    """Return the families in the Prometheus text format 0.0.4."""
    lines: list[str] = []
    for name, kind, description, samples in families:
        lines.append(_text_head(name, kind, description))
        _write_samples(lines, name, samples)
    return "".join(lines)


def openmetrics(families: Iterable[Family]) -> str:
    """Return the families as OpenMetrics 1.0, with its closing `# EOF`.

    A counter's family drops the `_total` that its samples keep. A counter without `_total`
    is written as `unknown`, the one type that lets its series keep their name.
    """
    lines: list[str] = []
    for name, kind, description, samples in families:
        lines.append(_openmetrics_head(name, kind, description))
        _write_samples(lines, name, samples)
    lines.append("# EOF\n")
    return "".join(lines)


@lru_cache(maxsize=64)
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


# What a process exposes hardly changes from one scrape to the next, so its heads and labels are
# put together once; the bounds hold where labels come from outside.
@lru_cache(maxsize=1024)
def _text_head(name: str, kind: Kind, description: str) -> str:
    written = "untyped" if kind == "unknown" else kind
    return f"# HELP {name} {_escape_help(description)}\n# TYPE {name} {written}\n"


@lru_cache(maxsize=1024)
def _openmetrics_head(name: str, kind: Kind, description: str) -> str:
    if kind == "counter":
        kind = "counter" if name.endswith("_total") else "unknown"
        name = name.removesuffix("_total")
    return f"# HELP {name} {_escape_label(description)}\n# TYPE {name} {kind}\n"


def _write_samples(lines: list[str], name: str, samples: Iterable[Sample]) -> None:
    for value, labels, suffix in samples:
        figure = value if type(value) is int else number(value)
        if labels:
            lines.append(f"{name}{suffix}{_labels(labels)} {figure}\n")
        else:
            lines.append(f"{name}{suffix} {figure}\n")


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


@lru_cache(maxsize=4096)
def _labels(labels: Labels) -> str:
    return "{" + ",".join([f'{key}="{_escape_label(value)}"' for key, value in labels]) + "}"


def _escape_label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escape_help(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
