"""The access log on the landing page: requests by class, latency, and what fits no format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import paragraph, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.totals import Totals

_QUANTILES = (0.5, 0.9, 0.99)


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> str:
    """Return below which bound so much of a distribution lies: `<= 0.025 s`, or `> 10 s`."""
    wanted = share * sum(counts)
    seen = 0
    for count, bound in zip(counts, bounds, strict=False):
        seen += count
        if seen >= wanted:
            return f"<= {bound:g} s"
    return f"> {bounds[-1]:g} s"


def access_log_section(totals: Totals, sample: str) -> str:
    """Return the part of the page, all counted since the exporter started."""
    classes = sorted(totals.classes().items())
    parts = [table(("status", "requests"), classes)] if classes else [paragraph("No requests yet.")]
    times = totals.distribution()
    if any(times):
        shown = [quantile(times, totals.buckets, share) for share in _QUANTILES]
        parts.append(table([f"p{share * 100:g}" for share in _QUANTILES], [shown]))
    if totals.parse_errors:
        parts.append(paragraph(f"Lines that fit no format: {totals.parse_errors}; one: {sample}"))
    return section("Access log, since the start", *parts)
