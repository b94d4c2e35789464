"""Waiting for a tailer in an event loop, where others work meanwhile, without a thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.tail.iteration import Stepping


class Sleeper:
    """Does what `Tailer.wait` does, in the loop that runs. To be closed before its tailer."""

    def __init__(self, tailer: Stepping) -> None:
        self._tailer = tailer
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._descriptor = tailer.waker.fileno()
        self._loop.add_reader(self._descriptor, self._woken.set)

    async def wait(self) -> None:
        """Wait until there may be more; a file, an acknowledgement or `wake` ends it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._tailer.fall_asleep()):
                await self._woken.wait()
        self._tailer.wake_up()
        self._tailer.waker.rest()
        self._woken.clear()

    def close(self) -> None:
        """Let the loop look at the waker no more."""
        self._loop.remove_reader(self._descriptor)
