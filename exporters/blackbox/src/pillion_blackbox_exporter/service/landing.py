"""`/`: the recent probes as a picture, and the way to everything else."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from pillion.web.page import Html, escape, link_list, page, paragraph, section, table
from pillion_blackbox_exporter.service.waterfall import axis, axis_end, legend, picture, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.web import Response
    from pillion_blackbox_exporter.service.history import Entry, History

SHOWN_LIMIT = 100
_REFRESH = 15
_LINKS = {"/metrics": "Metrics", "/config": "Configuration", "/-/ready": "Readiness"}


def landing_page(history: History, modules: Sequence[str]) -> Response:
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
    traces = [entry.result.trace for entry in entries]
    end = axis_end(max(trace.duration for trace in traces))
    rows: list[tuple[str | float, ...]] = [("", "", "", "", axis(end), "", "")]
    for entry in entries:
        trace = entry.result.trace
        rows.append(
            (
                time.strftime("%H:%M:%S", time.gmtime(entry.at)),
                entry.name,
                entry.target,
                _outcome(entry),
                picture(trace, end),
                Html(f'<span class="dim">{escape(seconds(trace.duration))}</span>'),
                Html(f'<a href="logs?id={entry.id}">Log</a>'),
            )
        )
    names = ("at (UTC)", "module", "target", "result", "phases", "took", "")
    return [f"<p>{legend(traces)}</p>", table(names, rows)]


def _outcome(entry: Entry) -> Html:
    failure = entry.result.trace.failure
    if failure is None:
        return Html('<span class="good">success</span>')
    where = f"{failure.reason} ({failure.phase})" if failure.phase else failure.reason
    return Html(f'<strong class="bad">{escape(where)}</strong>')
