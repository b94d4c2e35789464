"""What the agent tells of itself: `/metrics`, the landing page, and fluent-bit's own paths."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from pillion.metrics import Family, Sample
from pillion.web.standard import add_metrics_route
from pillion_log_agent.landing import landing_page
from pillion_log_agent.peer import add_peer_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.process import Context
    from pillion.web import Request, Response, Routes
    from pillion_log_agent.pipeline.build import Surroundings
    from pillion_log_agent.pipeline.pipeline import Pipeline
    from pillion_log_agent.pipeline.slow_lines import SlowLines

_OUTPUT_FIGURES = {
    "records": "Records that an output has taken.",
    "bytes": "Bytes that an output has taken, as they were read.",
    "rejected": "Records that an output has refused for good.",
    "errors": "Writes to an output that failed as a whole.",
    "retries": "Writes to an output that were made again.",
    "retried": "Records in those.",
    "failed": "Batches that were tried as often as they may be.",
}


class Running(Protocol):
    """What is told about."""

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that is at work."""
        ...

    @property
    def slow_lines(self) -> SlowLines:
        """What took its patterns too long."""
        ...


class Status:
    """Answers questions about the agent.

    Attributes:
        reloads: how many have succeeded.
    """

    def __init__(self, context: Context, agent: Running, around: Surroundings) -> None:
        self.reloads = 0
        self._context = context
        self._agent = agent
        self._around = around
        self._started = time.time()
        context.registry.add(self)

    def add_routes(self, routes: Routes) -> None:
        """Add the paths."""
        add_metrics_route(routes, "/metrics", self._context.registry)
        add_peer_routes(routes, self._around.ledger, self._context.health, self._started)
        routes.get("/", self._landing_page)

    def families(self) -> Iterator[Family]:
        """Yield the metrics of the ledger, the inputs and the outputs."""
        ledger = self._around.ledger
        records = [
            Sample(ledger.read, (("state", "read"), ("reason", ""))),
            Sample(ledger.delivered, (("state", "delivered"), ("reason", ""))),
        ]
        for state, counts in (
            ("filtered", ledger.filtered),
            ("rejected", ledger.rejected),
            ("dropped", ledger.dropped),
        ):
            records += [
                Sample(count, (("state", state), ("reason", reason)))
                for reason, count in counts.items()
            ]
        yield Family(
            "pillion_log_agent_records_total",
            "counter",
            "What became of the records: read = delivered + filtered + rejected + dropped + in "
            "flight.",
            records,
        )
        yield Family(
            "pillion_log_agent_records_in_flight",
            "gauge",
            "Records that were read and are not accounted for otherwise yet.",
            [Sample(ledger.in_flight)],
        )
        yield Family(
            "pillion_log_agent_multiline_records_total",
            "counter",
            "Records of several lines, by the input or filter that joined them and what ended "
            "them: rules, timeout, limit, stop, or behind (the rest of the file had to go on).",
            [
                Sample(count, (("by", name), ("end", end)))
                for (name, end), count in ledger.joined.items()
            ],
        )
        yield Family(
            "pillion_log_agent_pattern_timeouts_total",
            "counter",
            "Lines that took a pattern too long, and went on as if it did not match.",
            [
                Sample(count, (("pattern", name),))
                for name, count in self._agent.slow_lines.counts()
            ],
        )
        letters = self._around.dead_letters
        yield Family(
            "pillion_log_agent_dead_letters_total",
            "counter",
            "Records that were refused for good, by whether they are in the dead-letter file.",
            [
                Sample(letters.written, (("written", "true"),)),
                Sample(letters.unwritten, (("written", "false"),)),
            ],
        )
        yield from self._output_families()
        for each in self._agent.pipeline.inputs.values():
            yield from each.families()

    def _output_families(self) -> Iterator[Family]:
        outputs = self._around.ledger.outputs.items()
        for name, description in _OUTPUT_FIGURES.items():
            yield Family(
                f"pillion_log_agent_output_{name}_total",
                "counter",
                description,
                [
                    Sample(getattr(figures, name), (("output", output),))
                    for output, figures in outputs
                ],
            )
        for kind in ("records", "bytes"):
            yield Family(
                f"pillion_log_agent_input_{kind}_total",
                "counter",
                f"The {kind} that an input has handed over.",
                [
                    Sample(getattr(figures, kind), (("input", name),))
                    for name, figures in self._around.ledger.inputs.items()
                ],
            )

    def _landing_page(self, _request: Request) -> Response:
        reason = self._context.health.why_not_ready()
        return landing_page(self._agent.pipeline, self._around.ledger, reason)
