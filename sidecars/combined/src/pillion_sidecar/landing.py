"""The page at `/`: each role with its state, what is wrong with it, and where its own page is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import Html, escape, link_list, page, section, table
from pillion_sidecar.supervision.supervisor import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from pillion_sidecar.supervision.supervisor import Supervisor

REFRESH_SECONDS = 10


def landing_page(
    supervisors: Sequence[Supervisor], host: str, now: float, reason: str | None
) -> web.Response:
    """Return the page.

    Args:
        supervisors: of the roles.
        host: by which name the reader has reached this page; the roles' pages have other ports.
        now: by the clock of the supervisors.
        reason: why not all of it is ready, or None.
    """
    rows = [
        (
            each.name,
            _state(each),
            _ago(now - each.since),
            each.restarts,
            _links(each, host),
            each.health.why_not_ready() or "",
        )
        for each in sorted(supervisors, key=lambda each: each.health.why_not_ready() is None)
    ]
    names = ("role", "state", "for", "restarts", "page", "what is wrong")
    return page(
        "pillion-sidecar",
        link_list({"/metrics": "Metrics of all roles", "/-/ready": "Readiness"}),
        section("Roles", table(names, rows)),
        summary=reason or "All roles in one process.",
        state="not ready" if reason else "ready",
        is_good=reason is None,
        refresh=REFRESH_SECONDS,
    )


def _state(supervisor: Supervisor) -> Html:
    is_good = supervisor.state in (State.RUNNING, State.FINISHED)
    mood = "good" if is_good and supervisor.health.why_not_ready() is None else "bad"
    return Html(f'<span class="{mood}">{supervisor.state}</span>')


def _links(supervisor: Supervisor, host: str) -> Html:
    addresses = supervisor.hosted.addresses if supervisor.hosted is not None else ()
    return Html(
        " ".join(
            f'<a href="http://{escape(host)}:{each.port}/">:{each.port}</a>' for each in addresses
        )
    )


def _ago(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
