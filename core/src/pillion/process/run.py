"""A whole process with an event loop: serve, reload on request, drain when told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from traceback import format_exc
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

import pillion
from pillion.errors import PillionError
from pillion.lifecycle import Deadline, Health, Signals
from pillion.lifecycle.signals import hold_reload
from pillion.metrics.standard import ProcessCollector
from pillion.process.aiohttp_web import web
from pillion.process.host import Host, read_security
from pillion.process.launch import launch
from pillion.process.service import Context
from pillion.process.settings import ProcessSettings
from pillion.web import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pillion.log import Logger
    from pillion.process.service import Service
    from pillion.settings import Command, Values


def run(
    command: Command,
    build: Callable[[Context], Service],
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    prefix: Callable[[Values], str] = lambda _: "",
    limits: Callable[[Values], Limits] = lambda _: Limits(),
    application: Callable[[], web.Application] = web.Application,
) -> int:
    """Run a service until it is told to stop; return the exit status.

    Args:
        command: what can be typed; `ProcessSettings` and `WebSettings` are among its groups.
        build: makes the service; raises ConfigurationError when it cannot work as it is set.
        arguments: the command line, `sys.argv[1:]` when None.
        environment: the variables, `os.environ` when None.
        prefix: what every path begins with, by the settings.
        limits: what clients may cost, by the settings.
        application: makes what the service's routes are added to, with middlewares, routes and
            sub-applications of its own.
    """
    hold_reload()

    def construct_and_serve(values: Values, log: Logger) -> int:
        # What is made until the start is no garbage, and to look for some takes 10 ms.
        gc.disable()
        registry = CollectorRegistry()
        registry.register(ProcessCollector())
        context = Context(values, log, registry, Health())
        service = build(context)
        security = read_security(values, log)
        if values[ProcessSettings].config_check:
            log.info("the configuration is valid")
            return 0
        host = Host(
            context,
            service,
            application=application(),
            security=security,
            limits=limits(values),
            prefix=prefix(values),
        )
        version = command.version or pillion.__version__
        return _run_loop(_Process(host, context, f"{command.name} {version}"))

    return launch(command, construct_and_serve, arguments, environment)


def _run_loop(process: _Process) -> int:
    """Run an event loop of its own, and leave no thread of it to wait for.

    `asyncio.run` waits for its resolver threads, however long a name server takes to answer; a
    kubelet does not wait for us.
    """
    loop = asyncio.new_event_loop()
    try:
        status = loop.run_until_complete(process.serve())
    finally:
        loop.close()
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


class _Process:
    """One life: start, serve, reload, drain, end."""

    def __init__(self, host: Host, context: Context, version: str) -> None:
        self._host = host
        self._version = version
        self._log = context.log
        self._within = context.values[ProcessSettings].drain_timeout
        self._stop: asyncio.Future[str] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_started = asyncio.Event()

    async def serve(self) -> int:
        loop = asyncio.get_running_loop()
        self._stop = loop.create_future()
        signals = Signals(
            on_stop=lambda name: _call(loop, self._told_to_stop, name),
            on_reload=lambda: _call(loop, self._reload_soon),
        )
        with signals:
            await self._host.start()
            self._log.info("started", version=self._version)
            self._has_started.set()
            # What exists now lives as long as the process: the collector need not look again.
            gc.collect()
            gc.freeze()
            gc.enable()
            name = await self._stop
            self._log.info("stopping", signal=name, within=f"{self._within:g}s")
            await self._host.drain(Deadline(self._within))
            self._log.info("stopped")
        return 0

    def _told_to_stop(self, name: str) -> None:
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(name)

    def _reload_soon(self) -> None:
        task = asyncio.ensure_future(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        await self._has_started.wait()
        # The error is logged where it is met; a signal has nobody else to tell.
        try:
            await self._host.reload()
        except PillionError:
            return
        except Exception as error:  # noqa: BLE001  # a task that dies unseen tells nobody
            self._log.error("the reload failed", error=repr(error), where=format_exc())


def _call(
    loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: object
) -> None:
    """Have the loop call `function`; a signal's handler may interrupt it anywhere."""
    loop.call_soon_threadsafe(function, *arguments)
