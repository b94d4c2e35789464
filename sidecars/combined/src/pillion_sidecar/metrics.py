"""The metrics of all roles together, each series once, and those of the process that hosts them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from pillion_sidecar.supervision.supervisor import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiohttp import web
    from prometheus_client import Metric

    from pillion.log import Logger
    from pillion_sidecar.supervision.supervisor import Supervisor


class RoleCollector:
    """Which roles are up, and how often each was started again."""

    def __init__(self, supervisors: Sequence[Supervisor]) -> None:
        self._supervisors = supervisors

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        up = GaugeMetricFamily(
            "pillion_sidecar_role_up", "1 when a role is running, 0 when not.", labels=("role",)
        )
        restarts = CounterMetricFamily(
            "pillion_sidecar_role_restarts_total",
            "How often a role was started again after it had failed.",
            labels=("role",),
        )
        for each in self._supervisors:
            up.add_metric((each.name,), float(each.state is State.RUNNING))
            restarts.add_metric((each.name,), each.restarts)
        yield from (up, restarts)


async def metrics_of_roles(
    supervisors: Sequence[Supervisor], request: web.Request, log: Logger
) -> list[Metric]:
    """Return what the roles' own pages show. One that fails to tell does not keep the others."""
    running = [each for each in supervisors if each.state is State.RUNNING and each.hosted]
    found = await asyncio.gather(
        *(each.hosted.metrics(request) for each in running if each.hosted is not None),
        return_exceptions=True,
    )
    together: list[Metric] = []
    for each, metrics in zip(running, found, strict=True):
        if isinstance(metrics, BaseException):
            log.error("the metrics of a role failed", role=each.name, error=repr(metrics))
        else:
            together += metrics
    return together
