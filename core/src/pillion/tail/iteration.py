"""The two thin layers over `step` and `wait`: a plain iterator and an asynchronous one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pillion.tail.chunk import Chunk
    from pillion.tail.wakers import Waker


class Stepping(Protocol):
    """What can be stepped and waited for."""

    @property
    def waker(self) -> Waker:
        """What ends a wait."""
        ...

    @property
    def is_finished(self) -> bool:
        """Whether it was told to stop, and has read all there is."""
        ...

    def step(self) -> list[Chunk]:
        """Return what is there to read."""
        ...

    def wait(self) -> None:
        """Sleep until there may be more."""
        ...

    def fall_asleep(self) -> float:
        """Prepare to wait by other means; return for how many seconds at most."""
        ...

    def wake_up(self) -> None:
        """End what `fall_asleep` began."""
        ...

    def save(self) -> bool:
        """Write the checkpoint."""
        ...


def iterate(tailer: Stepping) -> Iterator[Chunk]:
    """Yield chunks until the tailer is stopped and has read all there is."""
    while True:
        chunks = tailer.step()
        yield from chunks
        if not chunks:
            if tailer.is_finished:
                tailer.save()
                return
            tailer.wait()


class Sleeper:
    """Does what `Tailer.wait` does, in the loop that runs."""

    def __init__(self, tailer: Stepping) -> None:
        import asyncio  # 11 MB, and only where an event loop runs already  # noqa: PLC0415

        self._tailer = tailer
        self._woken = asyncio.Event()

    async def wait(self) -> None:
        """Wait until there may be more; a file, an acknowledgement or `wake` ends it.

        The loop looks at the waker only meanwhile: whoever stops iterating leaves nothing in it.
        """
        import asyncio  # noqa: PLC0415  # as above

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


async def iterate_async(tailer: Stepping) -> AsyncIterator[Chunk]:
    """Yield chunks as `iterate` does, and let the event loop turn while there are none."""
    import asyncio  # noqa: PLC0415  # as above

    sleeper = Sleeper(tailer)
    while True:
        chunks = tailer.step()
        for chunk in chunks:
            yield chunk
        if not chunks and tailer.is_finished:
            tailer.save()
            return
        if chunks:
            await asyncio.sleep(0)
        else:
            await sleeper.wait()
