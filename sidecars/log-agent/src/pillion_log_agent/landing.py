"""The page at `/`: the pipeline in the order in which records take it, and the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import link_list, page, section, table

if TYPE_CHECKING:
    from pillion.web import Response
    from pillion_log_agent.pipeline.ledger import Ledger
    from pillion_log_agent.pipeline.pipeline import Pipeline

REFRESH_SECONDS = 5
LINKS = {"/metrics": "Metrics", "/api/v1/metrics": "fluent-bit metrics"}


def landing_page(pipeline: Pipeline, ledger: Ledger, reason: str | None) -> Response:
    """Return the page; the reason is why the process is not ready."""
    inputs = [
        (name, ledger.inputs[name].records, ledger.inputs[name].bytes) for name in pipeline.inputs
    ]
    filters = [(stage.name, ledger.filtered[stage.name]) for stage in pipeline.stages]
    outputs = [
        (each.name, each.figures.records, each.figures.rejected, each.outage.last_error or "none")
        for each in (target.dispatcher for target in pipeline.targets)
    ]
    return page(
        "pillion-log-agent",
        link_list(LINKS),
        section("Inputs", table(("input", "records", "bytes"), inputs)),
        section("Filters", table(("filter", "dropped"), filters)),
        section("Outputs", table(("output", "records", "refused", "last error"), outputs)),
        section("Records", table(("", "records"), list(ledger.summary().items()))),
        summary=reason or "Reads, parses, filters, routes and ships logs, with nothing lost.",
        state="not ready" if reason else "ready",
        is_good=not reason,
        refresh=REFRESH_SECONDS,
    )
