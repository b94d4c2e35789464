"""The access log on the landing page: rates by class, latency, slow paths, what fits no format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import paragraph, section, stacked, swatch, table
from pillion_nginx_exporter.access_log.recent import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.recent import Recent
    from pillion_nginx_exporter.access_log.totals import Totals

_QUANTILES = (0.5, 0.9, 0.99)
_COLOURS = {"2xx": "good", "3xx": "link", "4xx": "warn", "5xx": "bad"}


def access_log_section(
    title: str,
    totals: Totals,
    recent: Recent,
    sample: str,
    slowest: Sequence[tuple[str, float]] | None,
) -> str:
    """Return the part of the page.

    Args:
        title: above it.
        totals: since the start.
        recent: the last minutes.
        sample: of what fits no format.
        slowest: paths of the last minute, with seconds; None where they are not to be shown.
    """
    classes = totals.classes()
    if not classes and not totals.parse_errors:
        return section(title, paragraph("No requests yet."))
    parts = [*_rates(classes, recent), *_latency(totals, recent)]
    if slowest:
        rows = [(path, _seconds(seconds)) for path, seconds in slowest]
        parts.append(table(("slowest paths of the last minute", "most"), rows))
    if totals.parse_errors:
        parts.append(paragraph(f"Lines that fit no format: {totals.parse_errors}; one: {sample}"))
    return section(title, *parts)


def _rates(classes: dict[str, int], recent: Recent) -> list[str]:
    rates = recent.rates()
    layers = [(_COLOURS.get(name, "dim"), values) for name, values in rates.items()]
    total = sum(values[-1] for _, values in layers if values)
    rows = [
        (
            swatch(_COLOURS.get(name, "dim")),
            name,
            f"{rates[name][-1]:.1f}" if rates.get(name) else "-",
            requests,
        )
        for name, requests in sorted(classes.items())
    ]
    picture = stacked(layers, f"requests per second by class of status, {total:.1f} now")
    return [picture, table(("", "status", "per second", "requests"), rows)]


def _latency(totals: Totals, recent: Recent) -> list[str]:
    counts = recent.counts(totals)
    if not any(counts):
        return []
    shown = []
    for share in _QUANTILES:
        found = quantile(counts, totals.buckets, share)
        last = totals.buckets[-1] if totals.buckets else 0.0
        shown.append(f"> {_seconds(last)}" if found is None else _seconds(found))
    names = [f"p{share * 100:g}, last minutes" for share in _QUANTILES]
    return [table(names, [shown])]


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
