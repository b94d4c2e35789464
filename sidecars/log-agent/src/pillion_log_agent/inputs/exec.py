"""The input `exec`: what a command prints, a record for each line.

Source: fluent-bit's manual, "Exec".
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, SIZE, TEXT
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.inputs.sampled import IntervalProperties

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake

SHELL = "/bin/sh"
LEAST_BUFFER = 64 * 1024
BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class ExecProperties(IntervalProperties):
    """The properties of `exec`."""

    command: str = setting("command", TEXT, "What /bin/sh runs.", default="")
    parser: str | None = optional("parser", TEXT, "The parser of each line.")
    buf_size: int = setting("buf_size", SIZE, "The longest line.", default=4096)
    oneshot: bool = setting("oneshot", FLAG, "Run it once.", default=False)
    exit_after_oneshot: bool = setting(
        "exit_after_oneshot",
        FLAG,
        "Run it once; the process ends when this was the last input at work.",
        default=False,
    )


class ExecInput:
    """Runs a command at each interval, one at a time."""

    def __init__(
        self, properties: ExecProperties, shared: InputProperties, context: InputContext
    ) -> None:
        if not os.path.exists(SHELL):
            raise ConfigurationError(
                f"command: there is no {SHELL} in this image; use one that has a shell, "
                "or write what the command prints into a file and tail it"
            )
        parser = context.parser(properties.parser) if properties.parser else None
        self._properties = properties
        self._longest = max(properties.buf_size, LEAST_BUFFER)
        self._reader = LineReader("exec", parser, skip_empty=True)
        self._tag = shared.tag or context.name
        self._context = context
        self._outstanding = Outstanding(context)
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    def prepare(self) -> None:
        """Nothing is taken."""

    async def run(self, intake: Intake) -> None:
        """Run the command until `stop`, or once."""
        properties = self._properties
        while not self._stopping.is_set():
            await self._run_once(intake)
            if properties.exit_after_oneshot:
                return
            wait = None if properties.oneshot else properties.interval
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _run_once(self, intake: Intake) -> None:
        # Below its own session, so that all it starts can be ended with it.
        process = self._process = await asyncio.create_subprocess_exec(
            SHELL,
            "-c",
            self._properties.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        rest = b""
        while data := await process.stdout.read(BLOCK):
            rest = self._hand_over(intake, rest + data, is_last=False)
            await self._outstanding.wait_for_room()
        self._hand_over(intake, rest, is_last=True)
        status = await process.wait()
        self._process = None
        if status and not self._stopping.is_set():
            self._context.log.warning("the command has failed", status=status)

    def _hand_over(self, intake: Intake, data: bytes, *, is_last: bool) -> bytes:
        """Hand over the lines that are whole; return what is behind them."""
        end = len(data) if is_last or len(data) > self._longest else data.rfind(b"\n") + 1
        outstanding = self._outstanding
        if end:
            batch = self._reader.batch(
                data[:end],
                self._tag,
                outstanding.origin,
                outstanding.next_offset,
                self._context.wall_ns(),
            )
            if len(batch):
                outstanding.take(intake, batch, advance=end)
        return data[end:]

    def stop(self, *, is_last: bool) -> None:  # noqa: ARG002  # either way
        """End the command, and run it no more."""
        self._stopping.set()
        self._outstanding.stop()
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """End a command that has not heard of the end."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


EXEC = Declaration(
    name="exec",
    summary="Runs a command and reads what it prints.",
    properties=ExecProperties,
    refused={"propagate_exit_code": "a status that is not 0 is logged"},
    required=("command",),
    build=ExecInput,
)
