"""The token that the API server is shown: of a file, or of a command."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND_SECONDS = 10.0
LONGEST_TOKEN = 64 * 1024


class Token:
    """The token of one filter.

    Attributes:
        path: of the file; the kubelet renews it, so it is read for each of the few requests.
        command: prints a token, in the place of the file.
        seconds: how long that holds.
    """

    def __init__(
        self,
        path: str,
        command: str | None,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.command = command
        self.seconds = seconds
        self._clock = clock
        self._printed = ""
        self._printed_at: float | None = None

    async def get(self) -> str | None:
        """Return the token, None where there is none.

        Raises:
            TransientError: the command failed, took too long or printed nothing.
        """
        if self.command is None:
            return _in_file(self.path)
        now = self._clock()
        if self._printed_at is None or now - self._printed_at >= self.seconds:
            self._printed = await _printed_by(self.command)
            self._printed_at = now
        return self._printed


def _in_file(path: str) -> str | None:
    try:
        return read_bounded(path, LONGEST_TOKEN).decode("ascii", "replace").strip()
    except OSError:
        return None


async def _printed_by(command: str) -> str:
    """Run a command in a shell, as fluent-bit does, and return what it prints; never log it."""
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            found = await process.stdout.read(LONGEST_TOKEN)
            status = await process.wait()
    except TimeoutError:
        raise TransientError(
            f"kube_token_command took longer than {COMMAND_SECONDS:g} s", reason="token"
        ) from None
    finally:
        _end(process)
    token = found.decode("ascii", "replace").strip()
    if status or not token.isprintable() or not token:
        raise TransientError(
            f"kube_token_command ended with {status} and printed no token", reason="token"
        )
    return token


def _end(process: asyncio.subprocess.Process) -> None:
    """End what is left of the command, its children too."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
