from __future__ import annotations

import io
import os
import time
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion.tail import Checkpoint, Chunk, Tailer, TailOptions
from pillion.tail.lowlevel import PollingWaker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Clock:
    """Monotonic time that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A tailer on a directory, with its time and its log in the test's hands."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = Clock()
        self.log = io.StringIO()
        self.tailers: list[Tailer] = []
        self.tailer: Tailer
        self.later_ns = 0

    def path(self, name: str) -> str:
        return f"{self.directory}/{name}"

    def wall_ns(self) -> int:
        """Return the wall time, `later_ns` after what files are stamped with."""
        return time.time_ns() + self.later_ns

    def open(self, *names: str, state: bool = False, **options: object) -> Tailer:
        self.tailer = Tailer(
            [self.path(name) for name in names],
            checkpoint=Checkpoint(self.path("state")) if state else None,
            options=TailOptions(**options),  # type: ignore[arg-type]  # any of its fields
            waker=PollingWaker(),
            log=Logger(stream=self.log, level="debug"),
            clock=self.clock,
            wall_ns=self.wall_ns,
        )
        self.tailers.append(self.tailer)
        return self.tailer

    def crash(self) -> None:
        """Let go of everything without a last word, as SIGKILL does."""
        for generation in list(self.tailer._registry.held.values()):
            generation.close()
        self.tailer._writer.close()
        self.tailer.waker.close()
        self.tailers.remove(self.tailer)

    def close(self) -> None:
        self.tailer.close()
        self.tailers.remove(self.tailer)

    def chunks(self, *, after: float = 1.1, ack: bool = True) -> list[Chunk]:
        """Step until nothing comes, `after` seconds on, so that every file is looked at."""
        self.clock.now += after
        found: list[Chunk] = []
        while chunks := self.tailer.step():
            found += chunks
            if ack:
                for chunk in chunks:
                    chunk.ack()
        return found

    def read(self, *, after: float = 1.1) -> bytes:
        return b"".join([chunk.data for chunk in self.chunks(after=after)])

    def append(self, name: str, data: bytes) -> None:
        with open(self.path(name), "ab") as file:
            file.write(data)

    def write(self, name: str, data: bytes) -> None:
        with open(self.path(name), "wb") as file:
            file.write(data)

    def rename(self, old: str, new: str) -> None:
        os.rename(self.path(old), self.path(new))

    def copytruncate(self, name: str, copy: str) -> None:
        with open(self.path(name), "rb") as file:
            content = file.read()
        self.write(copy, content)
        os.truncate(self.path(name), 0)

    def assert_balanced(self) -> None:
        ledger = self.tailer.ledger
        held = sum(
            chunk.end - chunk.start
            for generation in self.tailer._registry.held.values()
            for chunk in generation.in_flight or ()
            if not chunk.is_settled
        )
        assert ledger.bytes_read == ledger.bytes_delivered + ledger.bytes_dropped + held


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for tailer in made.tailers:
        tailer.close()
