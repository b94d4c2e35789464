"""The oracle: a seeded writer, and a reader that is killed, stopped and starved meanwhile.

    python -m tests.oracle.run SEED [--operations 120] [--keep]
    python -m tests.oracle.run --minutes 30

Every byte must come out at least once and in order within its generation; more than once only
after a SIGKILL or without space for the state, and never below a position that was safe on disk.
What was deleted while nobody held it open is the one loss that is excused.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle.reading import ReaderProcess
from tests.oracle.searching import OPERATIONS, search
from tests.oracle.state import best_copy, kept_inodes
from tests.oracle.truth import Truth
from tests.oracle.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.life import Life


class Oracle:
    """One run: what is written, who reads, and what came of it.

    Attributes:
        random: all that is left to chance.
        directory: of everything.
        state: where the reader keeps its positions.
        begin: starts a reader.
        patience: seconds within which the last reader has to come to the end of everything.
    """

    def __init__(self, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)
        self.directory = directory
        self.state = directory / "state"
        self.begin: Callable[[Oracle], Life] = begin_reader
        self.patience = 20.0
        self.truth = Truth()
        self.writer = Writer(directory, self.truth, self.random)
        self.reader: Life | None = None
        self.may_repeat = False
        self.evidence = (directory / "evidence").open("a", buffering=1)

    def run(self, operations: int) -> None:
        self.start()
        for _ in range(operations):
            self.operate()
        if self.reader is None:
            self.start()
        self.finish()

    def operate(self) -> None:
        chance = self.random.random()
        if self.reader is None:
            if chance < 0.3:
                self.start()
                return
        elif chance < 0.03:
            self.kill()
            return
        elif chance < 0.06:
            self.stop()
            return
        self.note(self.writer.operate(self.reader))
        if self.random.random() < 0.3:
            time.sleep(self.random.random() * 0.02)
        if self.reader is not None and not self.reader.drain(self.truth):
            self.kill()

    def start(self) -> None:
        self.note("start")
        self.note_checkpoint()
        reader = self.begin(self)
        self.writer.reader_starts(has_state=reader.has_state)
        self.truth.begin_run(reader.kept, may_repeat=self.may_repeat or not reader.has_state)
        reader.wait_until_ready(self.truth)
        self.reader = reader

    def kill(self) -> None:
        assert self.reader is not None
        self.note("kill")
        self.reader.kill(self.truth)
        self.reader = None
        self.may_repeat = True
        self.writer.reader_is_gone(kept_inodes(self.state, self.writer.link))

    def stop(self) -> None:
        assert self.reader is not None
        self.note("stop")
        self.reader.stop(self.truth)
        # Identities that a killed reader had given anew may overlap from then on.
        self.may_repeat |= self.reader.full_disk
        self.reader = None
        self.writer.reader_is_gone(kept_inodes(self.state, self.writer.link))

    def finish(self) -> None:
        """Let the last reader come to the end of everything."""
        assert self.reader is not None
        deadline = time.monotonic() + self.patience
        while self.truth.missing() and time.monotonic() < deadline:
            if not self.reader.drain(self.truth):
                self.kill()
                self.start()
            time.sleep(0.01)
        self.reader.stop(self.truth)

    def note(self, operation: str) -> None:
        """Keep what was done, between what the readers say."""
        current = self.writer.current[self.writer.log]
        tag = current.tag.decode().strip() if current else "-"
        self.evidence.write(f"{time.time():.3f} {operation} {tag}\n")

    def note_checkpoint(self) -> None:
        """Keep what the next reader starts with."""
        snapshot = best_copy(self.state)
        for entry in snapshot.entries if snapshot is not None else ():
            position, size, state = entry.fingerprint.position, entry.size, entry.line
            kind = "done" if entry.is_done else "held"
            self.evidence.write(
                f"    {kind} {entry.identity} inode {entry.key[1]} {position} of {size} {state}\n"
            )
        for path in sorted(self.directory.glob("a.log*")):
            with path.open("rb") as file:
                tag = file.readline()[:40]
                inode = os.fstat(file.fileno()).st_ino
            self.evidence.write(f"    {path.name} inode {inode} {tag!r}\n")

    def verdict(self) -> list[str]:
        return [*self.truth.faults, *self.truth.missing()]


def begin_reader(oracle: Oracle) -> Life:
    """Start the bare reader of the tail engine."""
    return ReaderProcess(
        oracle.state,
        oracle.writer.paths,
        oracle.evidence,
        no_inotify=oracle.random.random() < 0.5,
        full_disk=oracle.random.random() < 0.15,
    )


def run(seed: int, operations: int = OPERATIONS) -> list[str]:
    """Run one seed; return what was wrong, with the directory of the evidence first."""
    directory = Path(tempfile.mkdtemp(prefix=f"pillion-oracle-{seed}-"))
    return run_in(Oracle(seed, directory), seed, operations)


def run_in(oracle: Oracle, seed: int, operations: int) -> list[str]:
    """Run an oracle to its end; keep its directory only where something was wrong."""
    try:
        oracle.run(operations)
    finally:
        if oracle.reader is not None:
            oracle.reader.end()
        oracle.evidence.close()
    wrong = oracle.verdict()
    if wrong:
        return [f"seed {seed}, evidence in {oracle.directory}", *wrong]
    shutil.rmtree(oracle.directory)
    return []


if __name__ == "__main__":
    sys.exit(search(__doc__, run))
