"""What the agent tells of itself: `/metrics`, the landing page, and fluent-bit's own paths."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from pillion.web.standard import add_metrics_route
from pillion_log_agent.landing import landing_page
from pillion_log_agent.peer import add_peer_routes
from pillion_log_agent.pipeline.route import metrics_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aiohttp import web
    from prometheus_client import Metric

    from pillion.process import Context
    from pillion_log_agent.pipeline.build import PipelineContext
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

    def __init__(self, context: Context, agent: Running, around: PipelineContext) -> None:
        self.reloads = 0
        self._context = context
        self._agent = agent
        self._around = around
        self._started = time.time()
        context.registry.register(self)

    def add_routes(self, application: web.Application) -> None:
        """Add the paths."""
        add_metrics_route(application, "/metrics", self._context.registry)
        add_peer_routes(application, self._around.ledger, self._context.health, self._started)
        application.router.add_get("/", self._landing_page)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the ledger, the inputs and the outputs."""
        ledger = self._around.ledger
        records: list[tuple[tuple[str, str], float]] = [
            (("read", ""), ledger.read),
            (("delivered", ""), ledger.delivered),
        ]
        for state, counts in (
            ("filtered", ledger.filtered),
            ("rejected", ledger.rejected),
            ("dropped", ledger.dropped),
        ):
            records += [((state, reason), count) for reason, count in counts.items()]
        yield _counter(
            "records_total",
            "What became of the records: read = delivered + filtered + rejected + dropped + in "
            "flight.",
            ("state", "reason"),
            records,
        )
        yield GaugeMetricFamily(
            "pillion_log_agent_records_in_flight",
            "Records that were read and are not accounted for otherwise yet.",
            value=ledger.in_flight,
        )
        yield _counter(
            "multiline_records_total",
            "Records of several lines, by the input or filter that joined them and what ended "
            "them: rules, timeout, limit, stop, or behind (the rest of the file had to go on).",
            ("by", "end"),
            ledger.joined.items(),
        )
        yield _counter(
            "pattern_timeouts_total",
            "Lines that took a pattern too long, and went on as if it did not match.",
            ("pattern",),
            (((name,), lines) for name, lines in self._agent.slow_lines.counts()),
        )
        letters = self._around.dead_letters
        yield _counter(
            "dead_letters_total",
            "Records that were refused for good, by whether they are in the dead-letter file.",
            ("written",),
            ((("true",), letters.written), (("false",), letters.unwritten)),
        )
        yield _counter(
            "dead_letters_overwritten_total",
            "Records in the dead-letter file that are gone, since it has reached its limit.",
            (),
            [((), letters.overwritten)],
        )
        yield from self._outputs_and_inputs()
        for each in self._agent.pipeline.inputs.values():
            yield from each.collect()
        yield from metrics_of(self._agent.pipeline.all_stages)

    def _outputs_and_inputs(self) -> Iterator[Metric]:
        ledger = self._around.ledger
        for name, description in _OUTPUT_FIGURES.items():
            outputs = [((key,), getattr(each, name)) for key, each in ledger.outputs.items()]
            yield _counter(f"output_{name}_total", description, ("output",), outputs)
        for kind in ("records", "bytes"):
            inputs = [((key,), getattr(each, kind)) for key, each in ledger.inputs.items()]
            description = f"The {kind} that an input has handed over."
            yield _counter(f"input_{kind}_total", description, ("input",), inputs)

    async def _landing_page(self, _request: web.Request) -> web.Response:
        reason = self._context.health.why_not_ready()
        return landing_page(self._agent.pipeline, self._around.ledger, reason)


def _counter(
    name: str,
    description: str,
    labels: tuple[str, ...],
    series: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    counter = CounterMetricFamily(f"pillion_log_agent_{name}", description, labels=labels)
    for values, value in series:
        counter.add_metric(values, value)
    return counter
