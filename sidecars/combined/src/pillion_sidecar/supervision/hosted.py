"""One life of a role: its own registry, health and server, in the loop of all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from pillion.errors import ConfigurationError
from pillion.lifecycle import Deadline, Health
from pillion.process import Context, ProcessSettings
from pillion.process.host import Host, read_security

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import Metric

    from pillion.log import Logger
    from pillion.metrics.standard import ProcessCollector
    from pillion.process import Service
    from pillion.settings import Address, Values
    from pillion_sidecar.roles import Role


class HostedRole:
    """A role from its construction, which opens nothing, to its end.

    Args:
        role: which one.
        values: its settings.
        log: its logger.
        process: the metrics of the process, which are those of every role.

    Raises, when it is made:
        PillionError: it cannot work as it is set; with the name of the role.

    Attributes:
        health: what its own pages answer.
        registry: what its own `/metrics` shows.
        has_ended: set when it has come to its end by itself, or cannot go on.
    """

    def __init__(self, role: Role, values: Values, log: Logger, process: ProcessCollector) -> None:
        self.health = Health()
        self.registry = CollectorRegistry()
        self.registry.register(process)
        self.has_ended = asyncio.Event()
        self._within = values[ProcessSettings].drain_timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        context = Context(values, log, self.registry, self.health, self._end)
        try:
            self._service: Service = role.build(context)
            self._host = Host(
                context,
                self._service,
                security=read_security(values, log),
                limits=role.limits(values),
                prefix=role.prefix(values),
            )
        except ConfigurationError as error:
            raise type(error)(f"{role.name}: {error}") from None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens."""
        return self._host.addresses

    async def start(self) -> None:
        """Begin to work.

        Raises:
            PillionError: it cannot.
        """
        self._loop = asyncio.get_running_loop()
        await self._host.start()

    async def reload(self) -> None:
        """Have it take up its configuration, whole or not at all.

        Raises:
            PillionError: the old one stays.
        """
        await self._host.reload()

    async def drain(self, deadline: Deadline | None) -> None:
        """Finish what is in hand within its own time, and before the deadline.

        Raises:
            PillionError: it had come to its end by an error.
        """
        within = self._within if deadline is None else min(deadline.remaining, self._within)
        await self._host.drain(Deadline(within))

    async def metrics(self, request: web.Request) -> list[Metric]:
        """Return all that its own `/metrics` shows."""
        fetched = await self._service.metrics(request)
        return [*self.registry.collect(), *fetched]

    def _end(self) -> None:
        """Note that it has ended; from any thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.has_ended.set)
