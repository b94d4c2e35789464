"""The blackbox exporter as a service."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from aiohttp import web

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion.metrics.standard import add_build_info
from pillion.net import Resolver
from pillion.process import ProcessSettings, Service, WebSettings
from pillion.web.standard import add_metrics_route
from pillion_blackbox_exporter.configuration.rendering import render_modules
from pillion_blackbox_exporter.network import Network
from pillion_blackbox_exporter.service.concurrency import ConcurrencyLimit, Load
from pillion_blackbox_exporter.service.history import History
from pillion_blackbox_exporter.service.landing import landing_page
from pillion_blackbox_exporter.service.logs import answer_logs
from pillion_blackbox_exporter.service.modules import Modules
from pillion_blackbox_exporter.service.probing import ProbeHandler
from pillion_blackbox_exporter.service.settings import BlackboxSettings, ProbeSettings
from pillion_blackbox_exporter.service.tasks import answer_tasks
from pillion_blackbox_exporter.service.warming import warm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.lifecycle import Deadline
    from pillion.process import Context
    from pillion.settings import Address
    from pillion_blackbox_exporter.network.guard import Guard

_LOOPBACK = ("127.", "localhost", "::1")
_RESOLVING_THREADS = 64


class BlackboxExporter(Service):
    """Probes when it is asked to. Its construction reads the configuration.

    Raises, when it is made:
        ConfigurationError: the configuration is wrong.
    """

    def __init__(self, context: Context) -> None:
        settings, probes = context.values[BlackboxSettings], context.values[ProbeSettings]
        self._settings = settings
        self._log = context.log
        self._registry = context.registry
        self._modules = Modules(settings.config_file, context.registry, context.log)
        self._history = History(settings.history_limit)
        self._limit = ConcurrencyLimit(probes.concurrency)
        guard = _guard(probes)
        self._network = Network(
            guard, Resolver(threads=min(_RESOLVING_THREADS, probes.concurrency))
        )
        self._handler = ProbeHandler(
            self._modules,
            self._network,
            self._history,
            self._limit,
            offset=settings.timeout_offset,
            log=Logger(
                level=settings.log_prober,
                format=context.values[ProcessSettings].log_format,
            ),
            level=settings.log_prober,
            registry=context.registry,
        )
        self._watching: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        add_build_info(context.registry, "blackbox_exporter")
        context.registry.register(Load(self._limit))
        listening = context.values[WebSettings].listen_address
        if guard is None and not _is_loopback(listening):
            context.log.warning(
                "whoever reaches this exporter can have it probe whatever it reaches; "
                "--probe.deny-metadata, --probe.allow and --probe.deny set bounds"
            )

    def routes(self, application: web.Application) -> None:
        """Add the paths that it answers."""
        add_metrics_route(application, "/metrics", self._registry)
        application.router.add_get("/probe", self._handler.answer)
        application.router.add_post("/probe", self._handler.answer)
        if self._settings.debug_tasks:
            application.router.add_get("/debug/tasks", answer_tasks)
        application.router.add_get("/config", self._answer_config)
        application.router.add_get("/logs", self._answer_logs)
        application.router.add_get("/", self._answer_landing)

    async def start(self) -> None:
        """Make what probes will need, and look at the configuration's file where that is asked."""
        self._warm()
        if self._settings.enable_auto_reload:
            self._watching = asyncio.create_task(self._watch())

    async def reload(self) -> None:
        """Take up the configuration's file, whole or not at all."""
        await asyncio.to_thread(self._modules.reload)
        self._warm()

    async def drain(self, deadline: Deadline) -> None:
        """Let the probes in hand end."""
        for task in (self._watching, self._warming):
            if task is not None:
                task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline.remaining):
                await self._limit.is_empty.wait()
        self._network.resolver.close()

    async def _answer_config(self, _: web.Request) -> web.Response:
        return web.Response(text=render_modules(self._modules.current.modules))

    async def _answer_logs(self, request: web.Request) -> web.Response:
        return answer_logs(self._history, request)

    async def _answer_landing(self, _: web.Request) -> web.Response:
        return landing_page(self._history, list(self._modules.current.modules))

    def _warm(self) -> None:
        contexts, modules = self._network.contexts, self._modules.current.modules
        self._warming = asyncio.create_task(warm(modules, contexts, self._log))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._settings.auto_reload_interval)
            if not await asyncio.to_thread(self._modules.has_changed):
                continue
            try:
                await self.reload()
            except ConfigurationError as error:
                self._log.error("the configuration was not reloaded", reason=error)
            else:
                self._log.info("the configuration was reloaded")


def _guard(settings: ProbeSettings) -> Guard | None:
    if not (settings.allow or settings.deny or settings.deny_metadata):
        return None
    from pillion_blackbox_exporter.network.rules import Rules  # noqa: PLC0415  # ipaddress: 1 MB

    return Rules(settings.allow, settings.deny, deny_metadata=settings.deny_metadata)


def _is_loopback(addresses: Sequence[Address]) -> bool:
    return bool(addresses) and all(each.host.startswith(_LOOPBACK) for each in addresses)
