"""An exporter of one's own, with everything that the others have.

import os

from pillion.exporter import export
from prometheus_client.core import GaugeMetricFamily

def collect():
    depth = GaugeMetricFamily("mail_queue_depth", "Mails that wait.", labels=["queue"])
    for queue in os.listdir("/var/spool/mail"):
        depth.add_metric([queue], len(os.listdir(f"/var/spool/mail/{queue}")))
    return [depth]

if __name__ == "__main__":
    raise SystemExit(export("mail-exporter", "Measures mail queues.", 9300, collect))
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from prometheus_client import Metric

from pillion.metrics.standard import add_build_info
from pillion.process.run import run
from pillion.process.settings import ProcessSettings, WebSettings
from pillion.settings import Address, Command, Override
from pillion.web.page import link_list, page
from pillion.web.standard import add_metrics_route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.lifecycle import Deadline
    from pillion.process.service import Context
    from pillion.web import Request, Response, Routes

Collected = Iterable[Metric]
Collect = Callable[[], Collected | Awaitable[Collected]]


def export(
    name: str,
    summary: str,
    port: int,
    collect: Collect,
    *,
    arguments: Sequence[str] | None = None,
) -> int:
    """Run an exporter until it is told to stop; return the exit status.

    Args:
        name: the command; with `_` for `-` also the prefix of `..._build_info`.
        summary: one sentence for `--help` and the landing page.
        port: where it listens unless `--web.listen-address` says otherwise.
        collect: called at each scrape; a function or a coroutine function that returns the
            metrics as they stand. What it raises answers the scrape with status 500.
        arguments: the command line, `sys.argv[1:]` when None.
    """
    command = Command(
        name,
        summary,
        (WebSettings, ProcessSettings),
        {"web.listen-address": Override(default=(Address("", port),))},
    )
    return run(command, lambda context: _Exporter(context, name, summary, collect), arguments)


class _Exporter:
    """The service around one `collect`."""

    def __init__(self, context: Context, name: str, summary: str, collect: Collect) -> None:
        self._context = context
        self._name = name
        self._summary = summary
        self._collect = collect
        add_build_info(context.registry, name.replace("-", "_"))

    def routes(self, routes: Routes) -> None:
        add_metrics_route(routes, "/metrics", self._context.registry, self._metrics)
        routes.get("/", self._landing_page)

    async def start(self) -> None:
        """Nothing to begin: an exporter works when it is asked."""

    async def reload(self) -> None:
        """Nothing to read again."""

    async def drain(self, deadline: Deadline) -> None:
        """Nothing in hand but answers, which the web server finishes."""

    async def _metrics(self, _request: Request) -> Collected:
        collected = self._collect()
        return await collected if inspect.isawaitable(collected) else collected

    def _landing_page(self, _request: Request) -> Response:
        reason = self._context.health.why_not_ready()
        return page(
            self._name,
            link_list({"/metrics": "Metrics"}),
            summary=self._summary,
            state="not ready" if reason else "ready",
            is_good=not reason,
        )
