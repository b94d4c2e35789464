"""The page at `/`: the pipeline in the order in which records take it, and the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import link_list, page, paragraph, section, table
from pillion_log_agent.pipeline.files import refused_paths

if TYPE_CHECKING:
    from aiohttp import web

    from pillion_log_agent.pipeline.ledger import Ledger
    from pillion_log_agent.pipeline.pipeline import Pipeline

REFRESH_SECONDS = 5
MOST_REFUSED = 50
LINKS = {"/metrics": "Metrics", "/api/v1/metrics": "fluent-bit metrics"}


def landing_page(pipeline: Pipeline, ledger: Ledger, reason: str | None) -> web.Response:
    """Return the page; the reason is why the process is not ready."""
    inputs = [
        (name, ledger.inputs[name].records, ledger.inputs[name].bytes) for name in pipeline.inputs
    ]
    filters = [(stage.name, ledger.filtered[stage.name]) for stage in pipeline.stages]
    outputs = [
        (each.name, each.figures.records, each.figures.rejected, each.outage.last_error or "none")
        for each in (target.dispatcher for target in pipeline.targets)
    ]
    refused = refused_paths(pipeline)
    shown = list(refused.items())[:MOST_REFUSED]
    note = (
        f"{len(refused) - len(shown)} more; the log names each" if len(refused) > len(shown) else ""
    )
    state = f"ready, {len(refused)} unreadable" if refused else "ready"
    return page(
        "pillion-log-agent",
        link_list(LINKS),
        section("Inputs", table(("input", "records", "bytes"), inputs)),
        section("Unreadable files", table(("path", "reason"), shown), paragraph(note))
        if refused
        else "",
        section("Filters", table(("filter", "dropped"), filters)),
        section("Outputs", table(("output", "records", "refused", "last error"), outputs)),
        section("Records", table(("", "records"), list(ledger.summary().items()))),
        summary=reason or "Reads, parses, filters, routes and ships logs, with nothing lost.",
        state="not ready" if reason else state,
        is_good=not (reason or refused),
        refresh=REFRESH_SECONDS,
    )
