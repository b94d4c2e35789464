"""What the input `forward` counts beside records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from pillion_log_agent.inputs.forward.connections import Connections

ENDINGS = ("refused", "malformed", "crowded", "broken")


def forward_metrics(name: str, connections: Connections) -> Iterator[Metric]:
    """Yield the metrics of an input, labelled with its name."""
    gauge = GaugeMetricFamily(
        "pillion_log_agent_forward_connections", "open connections", labels=("input",)
    )
    gauge.add_metric((name,), len(connections))
    yield gauge
    ended = CounterMetricFamily(
        "pillion_log_agent_forward_ended_connections_total",
        "connections that were not ended by their client",
        labels=("input", "reason"),
    )
    for reason in ENDINGS:
        ended.add_metric((name, reason), connections.counts[reason])
    yield ended
    repeated = CounterMetricFamily(
        "pillion_log_agent_forward_repeated_chunks_total",
        "chunks that came again while they were on their way",
        labels=("input",),
    )
    repeated.add_metric((name,), connections.counts["repeated"])
    yield repeated
