"""An exporter of your own, with everything that the others have.

import os

from pillion.exporter import export
from prometheus_client.core import GaugeMetricFamily

def collect(context):
    load = GaugeMetricFamily("machine_load", "Processes that want to run, in a minute's mean.")
    load.add_metric([], os.getloadavg()[0])
    return [load]

if __name__ == "__main__":
    raise SystemExit(export("load-exporter", "Measures the load.", 9300, collect))
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from prometheus_client import Metric

from pillion.metrics.standard import add_build_info
from pillion.process import Context, Service
from pillion.process.aiohttp_web import web
from pillion.process.run import run
from pillion.process.settings import ProcessSettings, WebSettings
from pillion.settings import Address, Command, Override
from pillion.web.page import link_list, page
from pillion.web.standard import add_metrics_route
from pillion.web.values import values_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.web import AbstractRouteDef
    from prometheus_client import CollectorRegistry

Collected = Iterable[Metric]
Collect = Callable[[Context], Collected | Awaitable[Collected]]


def nothing(_: Context) -> Collected:
    """Collect nothing: all that there is is in the registry."""
    return ()


def export(
    name: str,
    summary: str,
    port: int,
    collect: Collect = nothing,
    *,
    settings: Sequence[type] = (),
    version: str = "",
    registry: CollectorRegistry | None = None,
    routes: Iterable[AbstractRouteDef] | web.Application = (),
    arguments: Sequence[str] | None = None,
) -> int:
    """Run an exporter until it is told to stop; return the exit status.

    Args:
        name: the command; with `_` for `-` also the prefix of `..._build_info`.
        summary: one sentence for `--help` and the landing page.
        port: where it listens unless `--web.listen-address` says otherwise.
        collect: called at each scrape with the context: the settings (`context.values[...]`), the
            log, and the registry. A coroutine function, or a function, which runs in a thread of
            its own, one call at a time; returns metrics as they stand. What it raises answers
            the scrape with status 500, and is logged.
        settings: frozen dataclasses of settings, for the command line, variables and file.
        version: of the exporter, for `--version` and `..._build_info`; the library's when empty.
        registry: of what is counted between scrapes; exposed after what `collect` returns. Its
            collectors are called in that thread, too.
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
    if isinstance(routes, web.Application):
        application = routes
    else:
        application = web.Application()
        application.add_routes(routes)
    return run(
        command,
        lambda context: Exporter(context, command, collect, registry),
        arguments,
        application=lambda: application,
    )


class Exporter(Service):
    """The service around one `collect`: what `export` runs."""

    def __init__(
        self,
        context: Context,
        command: Command,
        collect: Collect,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._context = context
        self._command = command
        self._collect = collect
        self._registry = registry
        self._given = replace(context, registry=registry or context.registry)
        # A thread of its own: neither a slow disk nor a lookup holds up the health.
        self._thread = ThreadPoolExecutor(1, "collect")
        add_build_info(context.registry, command.name.replace("-", "_"), command.version)

    def routes(self, application: web.Application) -> None:
        """Add `/metrics`, and the landing page where there is none."""
        add_metrics_route(application, "/metrics", self._context.registry, self._metrics)
        if not any(resource.canonical == "/" for resource in application.router.resources()):
            application.router.add_get("/", self._landing_page)

    async def _metrics(self, _request: web.Request) -> Collected:
        loop = asyncio.get_running_loop()
        if not inspect.iscoroutinefunction(self._collect):
            return await loop.run_in_executor(self._thread, self._collected)
        collected: Collected = await self._collect(self._given)
        if self._registry is None:
            return collected
        return [*collected, *await loop.run_in_executor(self._thread, self._held)]

    def _held(self) -> list[Metric]:
        return list(self._registry.collect()) if self._registry is not None else []

    def _collected(self) -> list[Metric]:
        """Collect to the end: a generator would do its work in the event loop otherwise."""
        collected = self._collect(self._given)
        if inspect.isawaitable(collected):
            raise TypeError("collect returned an awaitable; make it a coroutine function")
        return [*collected, *self._held()]

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
