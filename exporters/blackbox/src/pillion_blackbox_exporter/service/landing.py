"""`/`: the recent probes as a picture, and the way to everything else."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from pillion.web.page import Html, escape, link_list, page, paragraph, section, table
from pillion_blackbox_exporter.service.waterfall import legend, picture, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from pillion_blackbox_exporter.service.history import Entry, History

SHOWN_LIMIT = 100
TARGET_LENGTH = 48
_REFRESH = 15
_LINKS = {"/metrics": "Metrics", "/config": "Configuration", "/-/ready": "Readiness"}


def landing_page(history: History, modules: Sequence[str]) -> web.Response:
    """Return the page."""
    entries = list(islice(history.newest_first(), SHOWN_LIMIT))
    failed = sum(not entry.result.success for entry in entries)
    state = f"{failed} of {len(entries)} failed" if failed else "all is well"
    return page(
        "blackbox exporter",
        link_list(_LINKS),
        section("Probe", _form(modules)),
        section("Recent probes", *(_probes(entries) if entries else [paragraph("None so far.")])),
        state=state if entries else "",
        is_good=not failed,
        summary="Probes a target when it is asked to, and says what came of it.",
        refresh=_REFRESH,
    )


def _form(modules: Sequence[str]) -> str:
    options = "".join(f"<option>{escape(name)}</option>" for name in modules)
    return (
        '<form action="probe" method="get">'
        '<label>target <input name="target" size="40" required></label> '
        f'<label>module <select name="module">{options}</select></label> '
        '<button name="debug" value="true">Probe</button></form>'
    )


def _probes(entries: Sequence[Entry]) -> list[str]:
    rows = [
        (
            time.strftime("%H:%M:%S", time.gmtime(entry.at)),
            _target(entry),
            _outcome(entry),
            picture(entry.result.trace),
            Html(f'<span class="dim">{escape(seconds(entry.result.trace.duration))}</span>'),
        )
        for entry in entries
    ]
    legend_line = f"<p>{legend(entry.result.trace for entry in entries)}</p>"
    return [legend_line, table(("at (UTC)", "target", "result", "phases", "took"), rows)]


def _target(entry: Entry) -> Html:
    shown = target = entry.shown_target
    if len(target) > TARGET_LENGTH:
        target = target[: TARGET_LENGTH - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return Html(
        f'<span title="{escape(shown)}">{escape(target)}</span><br>'
        f'<span class="dim">{escape(entry.name)}</span> <a href="logs?id={entry.id}">log</a>'
    )


def _outcome(entry: Entry) -> Html:
    failure = entry.result.trace.failure
    if failure is None:
        return Html('<span class="good">success</span>')
    phase = f'<br><span class="dim">in {escape(failure.phase)}</span>' if failure.phase else ""
    return Html(f'<strong class="bad">{escape(failure.reason)}</strong>{phase}')
