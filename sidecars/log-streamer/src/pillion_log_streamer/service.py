"""The streamer with a web server: the work in a thread of its own, the answers in this one.

Standard output may block for as long as its reader likes; `/metrics` and the health answer all
the same.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from traceback import format_exception
from typing import TYPE_CHECKING

from pillion.errors import PillionError
from pillion.metrics.standard import add_build_info
from pillion.process import ProcessSettings, Service
from pillion.process.aiohttp_web import web
from pillion.process.run import run
from pillion.tail.metrics import TailCollector
from pillion.web import peer_of
from pillion.web.standard import add_metrics_route
from pillion_log_streamer.failure import CrashedError
from pillion_log_streamer.landing import Rates, landing_page
from pillion_log_streamer.streamer import Streamer, stdout

if TYPE_CHECKING:
    from pillion.lifecycle import Deadline
    from pillion.process import Context
    from pillion.settings import Command

PREFIX = "log_streamer"
PATIENCE = 30.0
LOOK_SECONDS = 1.0
BLOCKED_SECONDS = 5.0


def serve(command: Command) -> int:
    """Stream and answer until told to stop; return the exit status."""
    return run(command, LogStreamer)


class LogStreamer(Service):
    """The service."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log = context.log
        self._within = context.values[ProcessSettings].drain_timeout
        self._streamer = Streamer(context.values, context.log, stdout(context.values))
        self._thread = threading.Thread(target=self._work, name="streamer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._is_draining = False
        self._rates = Rates()
        self._watching: asyncio.Task[None] | None = None
        self._blocked_since: float | None = None
        self._moved = 0
        self._failure: PillionError | None = None
        add_build_info(context.registry, PREFIX)
        context.registry.register(TailCollector(self._streamer.tailer, PREFIX))

    def routes(self, application: web.Application) -> None:
        """Add the metrics, the page, and the way to end it."""
        add_metrics_route(application, "/metrics", self._context.registry)
        application.router.add_get("/", self._page)
        application.router.add_post("/-/quit", self._quit)

    async def start(self) -> None:
        """Begin to stream."""
        self._loop = asyncio.get_running_loop()
        self._streamer.tailer.begin()  # what is made after it is said to have started is new
        self._thread.start()
        self._watching = asyncio.create_task(self._watch())
        self._watching.add_done_callback(self._note_end_of_watch)

    async def drain(self, deadline: Deadline) -> None:
        """Come to the end of every file, and write the checkpoint.

        Raises:
            StdoutClosedError: nobody reads any more.
            CrashedError: the thread that reads has come to its end by an error.
        """
        self._is_draining = True
        if self._watching is not None:
            self._watching.cancel()
        self._streamer.stop(deadline.remaining)
        await self._ended.wait()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            self._streamer.run(self._within)
        except PillionError as error:
            self._failure = error
        except BaseException as error:
            self._failure = CrashedError(f"the reading of files crashed: {error!r}")
            raise  # with its traceback, as a crash of any thread
        finally:
            self._streamer.close()
            if not self._is_draining:
                # The file of --exit.when-file, or a closed standard output.
                self._context.end()
            with suppress(RuntimeError):  # the drain was cut off, and the loop is closed
                assert self._loop is not None
                self._loop.call_soon_threadsafe(self._ended.set)

    async def _watch(self) -> None:
        """Tell health what the thread does: it may wait for its reader, but it must not hang."""
        while True:
            self._look(time.monotonic())
            await asyncio.sleep(LOOK_SECONDS)

    def _note_end_of_watch(self, task: asyncio.Task[None]) -> None:
        """End the process where nobody would see that the reading hangs."""
        if not task.cancelled() and (error := task.exception()) is not None:
            where = "".join(format_exception(error))
            self._log.error("the watch of the reading has failed", error=repr(error), where=where)
            self._failure = self._failure or CrashedError(f"the watch crashed: {error!r}")
            self._context.end()

    def _look(self, now: float) -> None:
        health = self._context.health
        blind = self._streamer.tailer.why_blind
        if blind is not None:
            health.block("files", f"it reads nothing: {blind}")
        else:
            health.unblock("files")
        before, self._moved = self._moved, self._streamer.moved
        if not self._streamer.is_blocked or before != self._moved:
            self._blocked_since = None
            health.unblock("stdout")
            health.beat("the reading of files", max(0.0, PATIENCE + self._streamer.turned_at - now))
            return
        health.rest("the reading of files")
        self._blocked_since = self._blocked_since or now
        if now - self._blocked_since >= BLOCKED_SECONDS:
            health.block("stdout", "nobody reads standard output")

    async def _page(self, _request: web.Request) -> web.Response:
        reason = self._context.health.why_not_ready()
        return landing_page(self._streamer.tailer, self._rates, time.monotonic(), reason)

    async def _quit(self, request: web.Request) -> web.Response:
        peer = peer_of(request)
        host = peer.rpartition(":")[0].strip("[]")
        if not (host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1")):
            return web.Response(status=403, text="403 only from loopback\n")
        self._log.info("told to end over HTTP", peer=peer)
        self._context.end()
        return web.Response(text="ending\n")
