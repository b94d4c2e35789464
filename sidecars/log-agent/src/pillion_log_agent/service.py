"""The log agent as a service: construct, start, reload, drain."""

from __future__ import annotations

import asyncio
import json
import os
import time
from traceback import format_exception
from typing import TYPE_CHECKING

from aiohttp import web

from pillion.errors import ConfigurationError, PillionError
from pillion.metrics.standard import add_build_info
from pillion.process import Service
from pillion.process.memory import BurstTrimmer, keep_large_blocks
from pillion_log_agent.configuration.load import default_path, load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.configuration.slow import slow_patterns
from pillion_log_agent.pipeline.build import PipelineContext, build_pipeline
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.files import look_last, why_blind
from pillion_log_agent.pipeline.ledger import Ledger
from pillion_log_agent.pipeline.slow_lines import SlowLines
from pillion_log_agent.settings import AgentSettings
from pillion_log_agent.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.lifecycle import Deadline
    from pillion.process import Context
    from pillion_log_agent.configuration.model import Configuration
    from pillion_log_agent.pipeline.pipeline import Pipeline

BEAT = 1.0
TIMEOUT = 30.0
RELOAD_SECONDS = 20.0


class Agent(Service):
    """The service: one pipeline at a time."""

    def __init__(self, context: Context) -> None:
        settings = context.values[AgentSettings]
        keep_large_blocks()
        self._context = context
        self._settings = settings
        self._path = default_path(settings.config_file)
        letters = settings.dead_letter_file
        if letters is None and settings.state_directory is not None:
            letters = os.path.join(settings.state_directory, "dead-letter.jsonl")
        self._around = PipelineContext(
            log=context.log,
            ledger=Ledger(),
            dead_letters=DeadLetters(
                letters, settings.dead_letter_limit, context.log, time.time_ns
            ),
            wall_ns=time.time_ns,
            environment=os.environ,
            state=settings.state_directory,
            in_flight_bytes=settings.buffer_limit,
            end=context.end,
        )
        self.configuration, self.pipeline = self._construct()
        add_build_info(context.registry, "pillion_log_agent")
        self._status = Status(context, self, self._around)
        self._beating: asyncio.Task[None] | None = None
        self._reloading = asyncio.Lock()
        self._retiring: asyncio.Timeout | None = None
        self._is_ending = False
        # From when they were read: what changes until it starts, or while it reloads, counts too.
        self._seen = _states(self.configuration.files)
        self._look_due = 0.0

    def routes(self, application: web.Application) -> None:
        """Add the paths that it answers."""
        self._status.add_routes(application)
        application.router.add_post("/api/v2/reload", self._answer_reload)
        application.router.add_get("/api/v2/reload", self._answer_reload_count)

    async def start(self) -> None:
        """Begin to read and to ship.

        Raises:
            ConfigurationError: a checkpoint is in use, or has no place.
        """
        async with self._reloading:
            self.pipeline.prepare()
            await self.pipeline.start()
        self._beating = asyncio.ensure_future(self._beat())
        self._beating.add_done_callback(self._note_end_of_beat)

    async def reload(self) -> None:
        """Take up a changed configuration, whole or not at all.

        Raises:
            ConfigurationError: the old one stays.
        """
        async with self._reloading:
            if self._is_ending:
                raise ConfigurationError("the process is shutting down")
            configuration, pipeline = self._construct()
            self._seen = _states(configuration.files)
            # Whatever can fail has failed by now, and the old one is at work still.
            pipeline.prepare()
            await self._retire(RELOAD_SECONDS, is_last=False)
            self._around.ledger.drop(self._around.ledger.in_flight, "reload")
            self.configuration, self.pipeline = configuration, pipeline
            self._around.handover.close_besides(pipeline.inputs)
            self._around.handover.sockets.close_besides_wanted()
            try:
                await pipeline.start()
            except Exception as error:
                # There is no way back: the process ends, and says why.
                pipeline.failure = error
                raise
            self._status.reloads += 1

    async def _answer_reload(self, _request: web.Request) -> web.Response:
        try:
            await self.reload()
        except ConfigurationError as error:
            self._context.log.warning("the configuration was not reloaded", reason=error)
            return _json({"reload": "failed", "status": -2, "error": str(error)}, 500)
        self._context.log.info("the configuration was reloaded")
        return _json({"reload": "done", "status": 0})

    async def _answer_reload_count(self, _request: web.Request) -> web.Response:
        return _json({"hot_reload_count": self._status.reloads})

    async def drain(self, deadline: Deadline) -> None:
        """Deliver what has been read, as far as the deadline allows, and say what became of all."""
        self._is_ending = True
        if self._retiring is not None:
            # A reload that has begun comes to its end first, and may take half of what is left.
            latest = asyncio.get_running_loop().time() + deadline.remaining / 2
            self._retiring.reschedule(min(self._retiring.when() or latest, latest))
        async with self._reloading:
            if self._beating is not None:
                self._beating.cancel()
            if self._settings.drain_quiet and self.pipeline.failure is None:
                await look_last(
                    self.pipeline,
                    self._around.ledger,
                    self._settings.drain_quiet,
                    deadline.remaining / 2,
                )
            await self._retire(deadline.remaining, is_last=True)
        self._around.dead_letters.close()
        summary = self._around.ledger.summary()
        self._context.log.info("records", **summary)
        if self.pipeline.failure is not None:
            raise PillionError(f"a part of the pipeline has failed: {self.pipeline.failure}")

    async def _retire(self, seconds: float, *, is_last: bool) -> None:
        """End the pipeline: what cannot be delivered in time is read again by the next one."""
        try:
            async with asyncio.timeout(max(seconds - 1.0, 0.1)) as self._retiring:
                await self.pipeline.drain(is_last=is_last)
        except TimeoutError:
            self._context.log.warning(
                "records are left that no output has taken; they will be read again",
                in_flight=self._around.ledger.in_flight,
            )
        except Exception as error:  # noqa: BLE001  # what it has not delivered is read again
            self.pipeline.failure = self.pipeline.failure or error
            self._log_failure(error)
        finally:
            self._retiring = None
        await self.pipeline.close()

    def _construct(self) -> tuple[Configuration, Pipeline]:
        problems = Problems()
        configuration = load(self._path, os.environ, problems)
        pipeline = build_pipeline(configuration, self._around, problems)
        problems.raise_if_any()
        if pipeline is None:
            raise ConfigurationError("there is no pipeline")
        for warning in configuration.warnings:
            self._context.log.warning("the configuration is odd", what=warning)
        self.slow_lines = SlowLines(slow_patterns(configuration), self._context.log)
        return configuration, pipeline

    def _log_failure(self, failure: BaseException) -> None:
        """Say what happened and where: it is ours to mend, or the configuration's."""
        where = "" if isinstance(failure, PillionError) else "".join(format_exception(failure))
        self._context.log.error("a part of the pipeline has failed", error=failure, where=where)

    async def _reload_if_changed(self) -> None:
        """Reload when a file of the configuration is another than it was, if asked to look."""
        every = self._settings.config_watch
        if not every or time.monotonic() < self._look_due:
            return
        self._look_due = time.monotonic() + every
        found = _states(self.configuration.files)
        if found == self._seen:
            return
        self._seen = found
        try:
            await self.reload()
        except ConfigurationError as error:
            self._context.log.warning("the configuration was not reloaded", reason=error)
        else:
            self._context.log.info("the configuration was reloaded", cause="it has changed")

    def _note_end_of_beat(self, task: asyncio.Task[None]) -> None:
        """End the process where nobody watches the pipeline any more."""
        if not task.cancelled() and task.exception() is not None:
            self.pipeline.failure = self.pipeline.failure or task.exception()
            assert self.pipeline.failure is not None
            self._log_failure(self.pipeline.failure)
            self._context.end()

    async def _beat(self) -> None:
        """Say that the loop turns, whether the outputs take records, and look for changes."""
        health = self._context.health
        trimmer = BurstTrimmer()
        while True:
            health.beat("the pipeline", TIMEOUT)
            trimmer.look(self._around.ledger.bytes_moved)
            dispatchers = [target.dispatcher for target in self.pipeline.targets]
            failing = [
                f"output {each.name} failed: {each.outage.last_error}"
                for each in dispatchers
                if each.outage.last_error is not None
            ]
            if failing:
                health.block("outputs", failing[0])
            else:
                health.unblock("outputs")
            blind = why_blind(self.pipeline)
            if blind is not None:
                health.block("inputs", blind)
            else:
                health.unblock("inputs")
            failure = self.pipeline.failure
            if failure is not None:
                self._log_failure(failure)
            if failure is not None or self.pipeline.is_finished:
                # Where every input has come to its end by itself, so does the process.
                self._context.end()
                return
            self.slow_lines.report(time.monotonic())
            await self._reload_if_changed()
            await asyncio.sleep(BEAT)


def _json(value: dict[str, object], status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(value).encode(), content_type="application/json"
    )


def _states(files: Iterable[str]) -> dict[str, tuple[int, int, int]]:
    """Return what tells whether a file has changed."""
    found = {}
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[path] = status.st_ino, status.st_size, status.st_mtime_ns
    return found
