"""Waiting for a tailer in an event loop, where others work meanwhile, without a thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.tail.iteration import Stepping


class Sleeper:
    """Does what `Tailer.wait` does, in the loop that runs."""

    def __init__(self, tailer: Stepping) -> None:
        self._tailer = tailer
        self._woken = asyncio.Event()

    async def wait(self) -> None:
        """Wait until there may be more; a file, an acknowledgement or `wake` ends it.

        The loop looks at the waker only meanwhile: whoever stops iterating leaves nothing in it.
        """
        waker, loop = self._tailer.waker, asyncio.get_running_loop()
        descriptor = waker.fileno()
        loop.add_reader(descriptor, self._woken.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._tailer.fall_asleep()):
                    await self._woken.wait()
        finally:
            loop.remove_reader(descriptor)
            self._tailer.wake_up()
        waker.rest()
        self._woken.clear()
