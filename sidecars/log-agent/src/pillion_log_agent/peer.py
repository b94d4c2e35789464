"""fluent-bit's own paths, for the probes and dashboards that ask for them.

Source: "Monitoring" of fluent-bit's manual: the paths, the names of the metrics, the JSON.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pillion.metrics import exposition
from pillion.metrics.negotiation import TEXT
from pillion.web.standard import text_response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.lifecycle import Health
    from pillion_log_agent.pipeline.ledger import Ledger

JSON = "application/json"
_INPUT = {"records": "records", "bytes": "bytes"}
_OUTPUT = {
    "proc_records": "records",
    "proc_bytes": "bytes",
    "errors": "errors",
    "retries": "retries",
    "retries_failed": "failed",
    "dropped_records": "rejected",
    "retried_records": "retried",
}


def add_peer_routes(
    application: web.Application, ledger: Ledger, health: Health, started: float
) -> None:
    """Answer `/api/v1/health`, `/api/v1/uptime` and `/api/v1/metrics`, also for Prometheus.

    Args:
        application: where to add them.
        ledger: what is counted.
        health: of the process.
        started: when the process began, in seconds since 1970.
    """
    began = time.monotonic()

    async def answer_health(_: web.Request) -> web.Response:
        if health.why_unhealthy() is None:
            return web.Response(text="ok\n")
        return web.Response(status=500, text="error\n")

    async def answer_uptime(_: web.Request) -> web.Response:
        return _json(_uptime(int(time.monotonic() - began)))

    async def answer_figures(_: web.Request) -> web.Response:
        return _json(_figures(ledger))

    async def answer_prometheus(_: web.Request) -> web.Response:
        metrics = _metrics(ledger, started, int(time.monotonic() - began))
        return text_response(exposition.text(metrics), TEXT)

    for path, handler in (
        ("/api/v1/health", answer_health),
        ("/api/v1/uptime", answer_uptime),
        ("/api/v1/metrics", answer_figures),
        ("/api/v1/metrics/prometheus", answer_prometheus),
        ("/api/v2/metrics/prometheus", answer_prometheus),
    ):
        application.router.add_get(path, handler)


def _json(value: Any) -> web.Response:
    return text_response(json.dumps(value), JSON)


def _uptime(seconds: int) -> dict[str, Any]:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = (days, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second")
    *first, last = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts]
    return {"uptime_sec": seconds, "uptime_hr": f"{', '.join(first)} and {last}"}


def _figures(ledger: Ledger) -> dict[str, Any]:
    return {
        "input": {
            name: {key: getattr(figures, ours) for key, ours in _INPUT.items()}
            for name, figures in ledger.inputs.items()
        },
        "filter": {
            name: {"drop_records": count, "add_records": 0}
            for name, count in ledger.filtered.items()
        },
        "output": {
            name: {key: getattr(figures, ours) for key, ours in _OUTPUT.items()}
            for name, figures in ledger.outputs.items()
        },
    }


def _metrics(ledger: Ledger, started: float, uptime: int) -> Iterator[Metric]:
    for prefix, table in _figures(ledger).items():
        names = list(_OUTPUT if prefix == "output" else _INPUT) if prefix != "filter" else []
        for key in names or ["drop_records", "add_records"]:
            metric = CounterMetricFamily(
                f"fluentbit_{prefix}_{key}_total", f"Number of {prefix} {key}.", labels=("name",)
            )
            for name, figures in table.items():
                metric.add_metric((name,), figures[key])
            yield metric
    seconds = Metric("fluentbit_uptime", "Seconds of running.", "counter")
    seconds.add_sample("fluentbit_uptime", {}, uptime)
    yield seconds
    yield GaugeMetricFamily(
        "process_start_time_seconds", "Start time of the process.", value=started
    )
