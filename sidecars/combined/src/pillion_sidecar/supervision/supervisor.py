"""The lives of one role, one after the other."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from enum import StrEnum
from traceback import format_exception
from typing import TYPE_CHECKING

from pillion.errors import PillionError
from pillion.lifecycle import Health
from pillion_sidecar.supervision.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.lifecycle import Deadline
    from pillion.log import Logger
    from pillion_sidecar.roles import Role
    from pillion_sidecar.supervision.hosted import HostedRole


class State(StrEnum):
    """Where a role is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    FINISHED = "finished"


class Supervisor:
    """Starts a role, and again when it fails: nothing of that is another role's matter.

    Args:
        role: which one.
        build: makes it anew for each of its lives.
        log: of the role.
        on_health: told of the health of each life.
        clock: seconds that only grow.

    Attributes:
        hosted: the life that it is in; None between two.
        state: where it is in it.
        since: when that began.
        restarts: how often it was started again.
        failure: why the last life ended; None where none has failed.
        health: of the life that it is in, or that says why there is none.
    """

    def __init__(
        self,
        role: Role,
        build: Callable[[], HostedRole],
        log: Logger,
        on_health: Callable[[str, Health], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.role = role
        self.hosted: HostedRole | None = None
        self.state = State.STARTING
        self.restarts = 0
        self.failure: BaseException | None = None
        self.health = Health()
        self._on_health = on_health
        on_health(role.name, self.health)
        self._build = build
        self._log = log
        self._clock = clock
        self.since = clock()
        self._backoff = Backoff()
        self._deadline: Deadline | None = None
        self._stopping = asyncio.Event()

    @property
    def name(self) -> str:
        """The role's name."""
        return self.role.name

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def construct(self) -> None:
        """Make the first life, so that what is wrong with the configuration is known at once.

        Raises:
            PillionError: it is wrong; the role is tried again all the same once it is supervised.
        """
        self.hosted = self._made()

    async def supervise(self) -> None:
        """Live until told to stop, or until the role has come to its end without an error.

        Raises:
            PillionError: it was told to stop, and had failed to come to a good end.
        """
        while not self._stopping.is_set():
            began = self._clock()
            try:
                await self._live()
            except Exception as error:
                self._note_failure(error)
                if self._stopping.is_set():
                    raise
            else:
                self._enter(State.FINISHED)
                return
            await self._wait(self._backoff.after(self._clock() - began))

    def stop(self, deadline: Deadline) -> None:
        """Have it drain before the deadline, and end."""
        self._deadline = deadline
        self._stopping.set()
        if self.hosted is not None:
            self.hosted.has_ended.set()

    async def reload(self) -> None:
        """Have the role take up its configuration; one that is not there will read it anyway.

        Raises:
            PillionError: the old one stays.
        """
        if self.hosted is not None and self.state is State.RUNNING:
            await self.hosted.reload()

    async def _live(self) -> None:
        hosted = self.hosted if self.hosted is not None else self._made()
        self.hosted = hosted
        self._enter(State.STARTING)
        try:
            await hosted.start()
            self._enter(State.RUNNING)
            await hosted.has_ended.wait()
            await hosted.drain(self._deadline)
        finally:
            self.hosted = None

    def _made(self) -> HostedRole:
        made = self._build()
        self._show(made.health)
        return made

    def _note_failure(self, error: Exception) -> None:
        self.failure = error
        self._enter(State.FAILED)
        where = "" if isinstance(error, PillionError) else "".join(format_exception(error))
        self._log.error("the role has failed", error=error, where=where)
        health = Health()
        health.block("start", f"it has failed: {error}")
        self._show(health)

    async def _wait(self, seconds: float) -> None:
        self._log.info("the role is started again", after=f"{seconds:g}s")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
            return
        self.restarts += 1

    def _enter(self, state: State) -> None:
        self.state, self.since = state, self._clock()

    def _show(self, health: Health) -> None:
        self.health = health
        self._on_health(self.name, health)
