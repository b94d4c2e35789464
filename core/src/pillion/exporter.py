"""An exporter of your own, with everything that the others have.

import os

from pillion.exporter import export
from prometheus_client.core import GaugeMetricFamily

def collect(context):
    files = GaugeMetricFamily("folder_files", "Files in a folder.", labels=["folder"])
    files.add_metric(["/etc"], len(os.listdir("/etc")))
    return [files]

if __name__ == "__main__":
    raise SystemExit(export("folder-exporter", "Counts files.", 9300, collect))
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any

from aiohttp import web
from prometheus_client import Metric

from pillion.metrics.standard import add_build_info
from pillion.process import Context, Service
from pillion.process.run import run
from pillion.process.settings import ProcessSettings, WebSettings
from pillion.settings import Address, Command, Override
from pillion.web.page import link_list, page
from pillion.web.standard import add_metrics_route
from pillion.web.values import values_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.web import AbstractRouteDef

Collected = Iterable[Metric]
Collect = Callable[[Context], Collected | Awaitable[Collected]]


def export(
    name: str,
    summary: str,
    port: int,
    collect: Collect,
    *,
    settings: Sequence[type] = (),
    version: str = "",
    routes: Iterable[AbstractRouteDef] | web.Application = (),
    arguments: Sequence[str] | None = None,
) -> int:
    """Run an exporter until it is told to stop; return the exit status.

    Args:
        name: the command; with `_` for `-` also the prefix of `..._build_info`.
        summary: one sentence for `--help` and the landing page.
        port: where it listens unless `--web.listen-address` says otherwise.
        collect: called at each scrape with the context: the settings (`context.values[...]`), the
            log, and the registry for what is counted between scrapes. A coroutine function, or a
            function, which runs in a thread of its own, one call at a time; returns the metrics
            as they stand. What it raises answers the scrape with status 500, and is logged.
        settings: frozen dataclasses of settings, for the command line, variables and file.
        version: of the exporter, for `--version` and `..._build_info`; the library's when empty.
        routes: more paths (`web.get("/queues", handler)`), or an application that has them; what
            every exporter answers is added to it, and `/` unless it has one.
        arguments: the command line, `sys.argv[1:]` when None.
    """
    command = Command(
        name,
        summary,
        (*settings, WebSettings, ProcessSettings),
        {"web.listen-address": Override(default=(Address("", port),))},
        version=version,
    )
    application = routes if isinstance(routes, web.Application) else web.Application()
    if not isinstance(routes, web.Application):
        application.add_routes(routes)
    return run(
        command,
        lambda context: Exporter(context, command, collect),
        arguments,
        application=lambda: application,
    )


class Exporter(Service):
    """The service around one `collect`: what `export` runs."""

    def __init__(self, context: Context, command: Command, collect: Collect) -> None:
        self._context = context
        self._command = command
        self._collect = collect
        # A thread of its own: neither a slow disk nor a lookup holds up the health.
        self._thread = ThreadPoolExecutor(1, "collect")
        add_build_info(context.registry, command.name.replace("-", "_"), command.version)

    def routes(self, application: web.Application) -> None:
        """Add `/metrics`, and the landing page where there is none."""
        add_metrics_route(application, "/metrics", self._context.registry, self._metrics)
        if not any(resource.canonical == "/" for resource in application.router.resources()):
            application.router.add_get("/", self._landing_page)

    async def _metrics(self, _request: web.Request) -> Collected:
        if inspect.iscoroutinefunction(self._collect):
            return list(await self._collect(self._context))
        loop = asyncio.get_running_loop()
        collected: Any = await loop.run_in_executor(self._thread, self._collected)
        return list(await collected) if inspect.isawaitable(collected) else collected

    def _collected(self) -> Any:
        """Collect to the end: a generator would do its work in the event loop otherwise."""
        collected = self._collect(self._context)
        return collected if inspect.isawaitable(collected) else list(collected)

    async def _landing_page(self, request: web.Request) -> web.Response:
        reason = self._context.health.why_not_ready()
        collected = await self._metrics(request)
        return page(
            self._command.name,
            link_list({"/metrics": "Metrics", "/-/healthy": "Health", "/-/ready": "Readiness"}),
            values_section(chain(collected, self._context.registry.collect())),
            state="not ready" if reason else "ready",
            is_good=not reason,
            summary=reason or self._command.summary,
        )
