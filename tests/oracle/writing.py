"""The writer: a random sequence of everything that is done to log files."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.life import Life
    from tests.oracle.truth import Generation, Truth

PATIENCE = 40.0
"""Longer than a reload of the agent may take, which reads nothing while it drains."""


class Writer:
    """Writes to two paths: one that is rotated in every way, and a link that is swapped."""

    def __init__(self, directory: Path, truth: Truth, random: random.Random) -> None:
        self.directory = directory
        self.truth = truth
        self.random = random
        self.log = directory / "a.log"
        self.link = directory / "link.log"
        self.paths = [self.log, self.link]
        self.current: dict[Path, Generation | None] = {self.log: None, self.link: None}
        self.reader: Life | None = None
        self.targets = 0
        self.weighted: list[tuple[Callable[[], None], int]] = [
            (self.append_lines, 30),
            (self.append_many, 6),
            (self.append_part, 8),
            (self.append_long, 2),
            (self.append_binary, 4),
            (self.append_empty, 2),
            (self.append_to_link, 8),
            (self.rename, 8),
            (self.copytruncate, 5),
            (self.delete, 3),
            (self.swap_link, 3),
            (self.pause, 4),
        ]

    def operate(self, reader: Life | None) -> str:
        """Do one thing, chosen by weight; return what."""
        self.reader = reader
        operations, weights = zip(*self.weighted, strict=True)
        operation = self.random.choices(operations, weights)[0]
        operation()
        return str(operation.__name__)

    def reader_is_gone(self, kept_inodes: set[int]) -> None:
        """What is deleted, and what the link has left behind unknown to the state, may be lost."""
        for generation in self.truth.generations.values():
            left_behind = generation.is_left_behind and generation.inode not in kept_inodes
            if not generation.is_seen:
                generation.may_lose |= generation.is_deleted or left_behind

    def reader_starts(self, *, has_state: bool) -> None:
        """Without a checkpoint, what is not at a path is none of the reader's business."""
        if not has_state:
            current = list(self.current.values())
            for generation in self.truth.generations.values():
                generation.may_lose |= not any(generation is one for one in current)

    def append_lines(self) -> None:
        count = self.random.randint(1, 10)
        lines = [b"%d %s\n" % (n, b"x" * self.random.randint(0, 100)) for n in range(count)]
        self.append(self.log, b"".join(lines))

    def append_many(self) -> None:
        self.append(
            self.log, b"".join([b"%06d\n" % n for n in range(self.random.randint(1, 5000))])
        )

    def append_part(self) -> None:
        self.append(self.log, b"part " * self.random.randint(1, 10))

    def append_long(self) -> None:
        self.append(self.log, b"l" * self.random.randint(8000, 50_000) + b"\n")

    def append_binary(self) -> None:
        self.append(self.log, self.random.randbytes(self.random.randint(1, 2000)))

    def append_empty(self) -> None:
        self.append(self.log, b"\n" * self.random.randint(0, 3))

    def append_to_link(self) -> None:
        if self.current[self.link] is None:
            self.swap_link()
        self.append(self.link, b"%d\n" % self.random.randint(0, 1000))

    def append(self, path: Path, data: bytes) -> None:
        generation = self.current[path]
        if generation is None:
            generation = self.current[path] = self.truth.create(path.name)
        if not generation.content:
            data = generation.tag + data
        # The truth first: the reader may be faster than the next line of this program.
        generation.content += data
        with path.open("ab") as file:
            file.write(data)
            generation.inode = os.fstat(file.fileno()).st_ino

    def shift(self) -> None:
        numbers = [int(path.suffix[1:]) for path in self.directory.glob("a.log.*")]
        for number in sorted(numbers, reverse=True):
            (self.directory / f"a.log.{number}").rename(self.directory / f"a.log.{number + 1}")

    def rename(self) -> None:
        if self.current[self.log] is not None:
            self.let_the_reader_meet(self.log)
            self.shift()
            self.log.rename(self.directory / "a.log.1")
            self.current[self.log] = None

    def copytruncate(self) -> None:
        generation = self.current[self.log]
        if generation is not None:
            self.let_the_reader_meet(self.log)
            self.shift()
            copy = self.directory / "a.log.1"
            shutil.copyfile(self.log, copy)
            generation.inode, generation.copied_from = copy.stat().st_ino, generation.inode
            self.current[self.log] = None
            os.truncate(self.log, 0)
            self.current[self.log] = self.truth.create("a.log")

    def delete(self) -> None:
        generation = self.current[self.log]
        if generation is not None:
            is_held = self.let_the_reader_meet(self.log)
            inode = self.log.stat().st_ino
            self.log.unlink()
            generation.is_deleted = True
            for other in self.truth.generations.values():
                # Copied, cut and then deleted: a documented reason to read the copy again.
                other.may_repeat |= other.copied_from == inode and not other.is_deleted
            generation.may_lose |= not is_held
            self.current[self.log] = None

    def swap_link(self) -> None:
        before = self.current[self.link]
        if before is not None and not self.let_the_reader_meet(self.link):
            # What a link led to and leads to no more cannot be found by one who never saw it.
            before.may_lose = True
        self.targets += 1
        target = self.directory / "targets" / f"{self.targets}"
        target.parent.mkdir(exist_ok=True)
        target.touch()
        fresh = self.directory / "link.new"
        fresh.symlink_to(target)
        if before is not None:
            before.is_left_behind = True
        self.current[self.link] = self.truth.create("link.log")
        fresh.rename(self.link)

    def pause(self) -> None:
        time.sleep(self.random.random() * 0.1)

    def let_the_reader_meet(self, path: Path) -> bool:
        """Wait until the reader has the file open, if there is a reader; rotation faster than
        discovery is an exception that is documented, and not what is tested."""
        inode = path.stat().st_ino
        deadline = time.monotonic() + PATIENCE
        while self.reader is not None and self.reader.process.poll() is None:
            self.reader.drain(self.truth)
            if self.reader.holds(inode):
                return True
            if time.monotonic() > deadline:
                self.truth.faults.append(f"{path} was not opened in {PATIENCE:g} s")
                return False
            time.sleep(0.002)
        return False
