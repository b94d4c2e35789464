"""The lives of a role: a failure is the role's own, and the next life comes after a while."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError, PillionError
from pillion.lifecycle import Deadline, Health
from pillion.log import Logger
from pillion.metrics.standard import ProcessCollector
from pillion.process import Context, ProcessSettings, Service, WebSettings
from pillion.settings import Command, parse
from pillion_sidecar.roles import Role
from pillion_sidecar.supervision.backoff import LONG_ENOUGH, LONGEST, Backoff
from pillion_sidecar.supervision.hosted import HostedRole
from pillion_sidecar.supervision.supervisor import State, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = Command("pillion-test", "Does as it is told.", (WebSettings, ProcessSettings))


class Told(Service):
    """Fails where it is told to."""

    def __init__(self, context: Context, start: list[str], drain: list[Exception]) -> None:
        self.context = context
        self.has_started = asyncio.Event()
        self._start = start
        self._drain = drain

    async def start(self) -> None:
        if self._start:
            raise ConfigurationError(self._start.pop())
        self.has_started.set()

    async def drain(self, deadline: Deadline) -> None:
        if self._drain:
            raise self._drain.pop()


class Played:
    """A role that is supervised, and what it has made."""

    def __init__(self, *, start: tuple[str, ...] = (), drain: tuple[Exception, ...] = ()) -> None:
        self.made: list[Told] = []
        self.health = Health()
        self.log = io.StringIO()
        starting, draining = list(start), list(drain)

        def build(context: Context) -> Service:
            self.made.append(Told(context, starting, draining))
            return self.made[-1]

        role = Role("test", COMMAND, build)
        log = Logger(stream=self.log)
        process = ProcessCollector()
        values = parse(COMMAND, [], {})
        self.supervisor = Supervisor(
            role, lambda: HostedRole(role, values, log, process), log, self.health.include
        )
        self.health.unblock("start")

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                await asyncio.sleep(0)


async def stopped(played: Played, task: asyncio.Task[None]) -> None:
    played.supervisor.stop(Deadline(5))
    async with asyncio.timeout(30):
        await task


async def test_it_runs_until_it_is_told_to_stop() -> None:
    played = Played()
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    assert played.health.why_not_ready() is None
    await stopped(played, task)
    assert len(played.made) == 1
    assert played.supervisor.restarts == 0


async def test_one_that_cannot_start_is_not_ready_says_why_and_is_started_again() -> None:
    played = Played(start=("the port is taken",))
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.FAILED)
    assert played.health.why_not_ready() == "test: it has failed: the port is taken"
    assert played.health.why_unhealthy() is None
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    assert played.supervisor.restarts == 1
    assert played.health.why_not_ready() is None
    assert "the port is taken" in played.log.getvalue()
    await stopped(played, task)


async def test_one_that_ends_by_an_error_is_made_anew() -> None:
    played = Played(drain=(PillionError("standard output is closed"),))
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    played.made[0].context.end()
    await played.until(lambda: len(played.made) == 2)
    assert str(played.supervisor.failure) == "standard output is closed"
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    await stopped(played, task)


async def test_one_that_ends_without_an_error_has_finished() -> None:
    played = Played()
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    played.made[0].context.end()
    async with asyncio.timeout(30):
        await task
    assert played.supervisor.state is State.FINISHED
    assert played.health.why_not_ready() == "test: it is shutting down"


async def test_an_error_at_the_end_is_told_to_who_has_it_stopped() -> None:
    played = Played(drain=(PillionError("records are left"),))
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    with pytest.raises(PillionError, match=r"^records are left$"):
        await stopped(played, task)


async def test_it_can_be_stopped_while_it_waits_to_be_started_again() -> None:
    played = Played(start=("no", "no"))
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.FAILED)
    await stopped(played, task)
    assert len(played.made) == 1


async def test_a_fault_of_the_program_is_logged_with_its_place() -> None:
    played = Played(drain=(ZeroDivisionError("a fault"),))
    task = asyncio.create_task(played.supervisor.supervise())
    await played.until(lambda: played.supervisor.state is State.RUNNING)
    played.made[0].context.end()
    await played.until(lambda: played.supervisor.state is State.FAILED)
    assert "test_supervisor.py" in played.log.getvalue()
    await stopped(played, task)


def test_the_wait_doubles_to_a_minute_and_begins_anew_after_a_long_life() -> None:
    backoff = Backoff()
    assert [backoff.after(0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, LONGEST, LONGEST]
    assert backoff.after(LONG_ENOUGH) == 1
    assert backoff.after(0) == 2
