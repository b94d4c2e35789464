"""The landing page: each nginx at a glance, with its last minutes as small pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import link_list, page, paragraph, section, sparkline, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from pillion_nginx_exporter.watched import Watched

_REFRESH = 5


def landing_page(watched: Sequence[Watched], telemetry_path: str, *more: str) -> web.Response:
    """Return the page for targets as they were last seen, with more sections below them."""
    up = sum(1 for one in watched if _is_up(one))
    every = len(watched)
    state = ("up" if up else "down") if every == 1 else f"{up} of {every} up" if every else ""
    return page(
        "nginx exporter",
        link_list({telemetry_path: "Metrics", "/-/healthy": "Health", "/-/ready": "Readiness"}),
        *(_target(one) for one in watched),
        *more,
        state=state,
        is_good=up == every,
        summary="Measures nginx by its stub_status page whenever it is scraped.",
        refresh=_REFRESH,
    )


def _is_up(one: Watched) -> bool:
    return one.scraper.last is not None and one.scraper.last.status is not None


def _target(one: Watched) -> str:
    last, newest = one.scraper.last, one.history.newest
    if last is None or newest is None:
        return section(one.target.uri, paragraph("It has not been scraped yet."))
    status = last.status
    rate = "-" if newest.per_second is None else f"{newest.per_second:.1f}"
    pictures = table(
        ("", "now", "the last minutes"),
        (
            ("requests per second", rate, sparkline(one.history.per_second(), "requests/s")),
            (
                "open connections",
                str(status.active) if status else "-",
                sparkline(one.history.active(), "open connections"),
            ),
        ),
    )
    if status is None:
        return section(
            one.target.uri, paragraph(f"down ({last.reason}): {last.sentence}"), pictures
        )
    figures = {
        "reading": status.reading,
        "writing": status.writing,
        "waiting": status.waiting,
        "accepted": status.accepted,
        "handled": status.handled,
        "requests": status.requests,
    }
    return section(
        one.target.uri, pictures, table(tuple(figures), [tuple(map(str, figures.values()))])
    )
