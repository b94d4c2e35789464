"""The two thin layers over `step` and `wait`: a plain iterator and an asynchronous one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pillion.tail.chunk import Chunk
    from pillion.tail.wake import Waker


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


async def iterate_async(tailer: Stepping) -> AsyncIterator[Chunk]:
    """Yield chunks as `iterate` does, and let the event loop turn while there are none."""
    import asyncio  # 11 MB, and only where an event loop runs already  # noqa: PLC0415

    from pillion.tail.sleeping import Sleeper  # noqa: PLC0415  # as above

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
