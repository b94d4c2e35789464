"""The service that hosts the roles: it constructs, starts, reloads and drains them together."""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, PillionError, UsageError
from pillion.lifecycle import Deadline
from pillion.log import Logger
from pillion.metrics.standard import ProcessCollector, add_build_info
from pillion.process import ProcessSettings, Service
from pillion.web.standard import add_metrics_route
from pillion_sidecar.configuration.given import Given
from pillion_sidecar.configuration.values import environment_of_roles, values_of
from pillion_sidecar.landing import landing_page
from pillion_sidecar.metrics import RoleCollector, metrics_of_roles
from pillion_sidecar.roles import ROLES, load
from pillion_sidecar.settings import SidecarSettings
from pillion_sidecar.supervision.hosted import HostedRole
from pillion_sidecar.supervision.supervisor import State, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiohttp import web
    from prometheus_client import Metric

    from pillion.process import Context
    from pillion.settings import Command
    from pillion_sidecar.roles import Role

SWITCH_SECONDS = 0.0005
"""A thread of a log role gives way so soon: a probe under a flood takes 0.1 ms longer at p50."""
_EXPORTERS_SHARE = 0.3
"""Of the time to drain: after it the log roles ship what the exporters have said last."""
_CLOSING_SECONDS = 1.0


class Sidecar(Service):
    """Hosts the roles that are configured.

    Args:
        command: the process's own.
        of_roles: what the command line gives for each role.
        environment: the variables.
        context: what the service is built from.

    Raises, when it is made:
        ConfigurationError: a role has a wrong setting, none can work, or, with --config.check, one
            cannot.
    """

    def __init__(
        self,
        command: Command,
        of_roles: Mapping[str, Given],
        environment: Mapping[str, str],
        context: Context,
    ) -> None:
        self._context = context
        self._log = context.log
        roles = _configured(context.values[SidecarSettings], of_roles)
        for_roles = environment_of_roles(command, roles, environment)
        # One for all their lives: each keeps a file open.
        process = ProcessCollector()
        self._supervisors = [
            _supervisor(role, given, context, for_roles, process) for role, given in roles.items()
        ]
        self._tasks: dict[Supervisor, asyncio.Task[None]] = {}
        self._construct()
        add_build_info(context.registry, "pillion_sidecar")
        context.registry.register(RoleCollector(self._supervisors))

    def routes(self, application: web.Application) -> None:
        """Add the metrics of all roles, and the page."""
        add_metrics_route(application, "/metrics", self._context.registry, self.metrics)
        application.router.add_get("/", self._page)

    async def metrics(self, request: web.Request) -> Iterable[Metric]:
        """Return the metrics of all roles that are running."""
        return await metrics_of_roles(self._supervisors, request, self._log)

    async def start(self) -> None:
        """Start every role; none waits for another."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self._tasks = {
            each: asyncio.create_task(self._supervise(each)) for each in self._supervisors
        }

    async def reload(self) -> None:
        """Have each role take up its configuration: for each of them, whole or not at all.

        Raises:
            ConfigurationError: some keep their old one.
        """
        problems = []
        for each in self._supervisors:
            try:
                await each.reload()
            except PillionError as error:
                problems.append(f"{each.name}: {error}")
        if problems:
            raise ConfigurationError("; ".join(problems))

    async def drain(self, deadline: Deadline) -> None:
        """Drain the exporters, then the roles that ship logs.

        Raises:
            PillionError: a role had come to its end by an error.
        """
        before = Deadline(deadline.remaining * _EXPORTERS_SHARE)
        await self._stop([each for each in self._tasks if not each.role.ships_logs], before)
        await self._stop([each for each in self._tasks if each.role.ships_logs], deadline)
        for task in self._tasks.values():
            failure = task.exception() if task.done() and not task.cancelled() else None
            if failure is not None:
                raise failure

    async def _stop(self, supervisors: Sequence[Supervisor], deadline: Deadline) -> None:
        for each in supervisors:
            each.stop(deadline)
        tasks = [self._tasks[each] for each in supervisors]
        if tasks:
            # One that is still starting does not look at its deadline.
            _, late = await asyncio.wait(tasks, timeout=deadline.remaining + _CLOSING_SECONDS)
            for task in late:
                task.cancel()

    async def _supervise(self, supervisor: Supervisor) -> None:
        await supervisor.supervise()
        if supervisor.state is State.FINISHED and not supervisor.is_stopping:
            # As its own container would: a job's pod is done when its sidecars are.
            self._log.info("a role has come to its end", role=supervisor.name)
            self._context.end()

    def _construct(self) -> None:
        """Make every role, so that the configuration is checked before anything is opened."""
        failures = [each for each in map(_failure_of, self._supervisors) if each is not None]
        is_check = self._context.values[ProcessSettings].config_check
        if failures and (is_check or len(failures) == len(self._supervisors)):
            raise failures[0]

    async def _page(self, request: web.Request) -> web.Response:
        reason = self._context.health.why_not_ready()
        return landing_page(
            self._supervisors, request.url.host or "localhost", time.monotonic(), reason
        )


def _configured(settings: SidecarSettings, of_roles: Mapping[str, Given]) -> dict[Role, Given]:
    """Return the roles that the file, the flags or --role name, with what is given for each."""
    in_file = _read(settings.config_file) if settings.config_file is not None else {}
    named = {*in_file, *of_roles, *settings.role}
    if not named:
        raise UsageError(
            f"no role is configured; name one in --config.file or by --role: {', '.join(ROLES)}"
        )
    return {
        load(name): in_file.get(name, Given()).overridden_by(of_roles.get(name, Given()))
        for name in ROLES
        if name in named
    }


def _read(path: str) -> dict[str, Given]:
    from pillion_sidecar.configuration.file import read_file  # YAML: 2.6 MB  # noqa: PLC0415

    return read_file(path)


def _supervisor(
    role: Role,
    given: Given,
    context: Context,
    environment: Mapping[str, str],
    process: ProcessCollector,
) -> Supervisor:
    values = values_of(role, given, context.values[ProcessSettings], environment)
    settings = values[ProcessSettings]
    log = Logger(level=settings.log_level, format=settings.log_format).bind(role=role.name)
    build = partial(HostedRole, role, values, log, process)
    return Supervisor(role, build, log, context.health.include)


def _failure_of(supervisor: Supervisor) -> Exception | None:
    """Make a role; what it raises is raised again, and said, when it is started."""
    try:
        supervisor.construct()
    except Exception as error:  # noqa: BLE001  # a fault of one role is not another's
        return error
    return None
