"""An oracle with teeth: generations that begin alike, new paths, holes, and real logrotate.

    python -m tests.oracle.alike SEED [--operations 120]
    python -m tests.oracle.alike --minutes 30

It asks for less than `tests.oracle.run` and does worse: nobody waits until a file was met before
it is rotated. Paths come up under a glob and are rotated at once, generations begin with the same
banner, writers go on without O_APPEND, and the reader is stopped, killed, killed in the middle of
a save, and short of descriptors. Each line that is not of a banner is written once and must come
out at least once; of a banner's line as many as were written; and no byte that was not written.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.oracle.reading import ReaderProcess
from tests.oracle.searching import OPERATIONS, search
from tests.oracle.state import kept_positions
from tests.oracle.writers import App, rotate_for_real

PATIENCE = 20.0
FOLDERS = ("/tmp", "/dev/shm")
BANNERS = (
    (b"Starting up\n",),
    tuple(b"banner line %03d of the application\n" % number for number in range(66)),
    (b"tick\n",) * 1000,
    (),
)


class Lines:
    """What was written, line by line, against what came out.

    Attributes:
        faults: what came out and was never written.
        may_repeat: a line may come twice, always.
    """

    may_repeat = True

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.written: Counter[bytes] = Counter()
        self.came: Counter[bytes] = Counter()
        self._rest: dict[str, tuple[int, bytes]] = {}

    def write(self, lines: list[bytes]) -> None:
        self.written.update(lines)

    def take(self, identity: str, start: int, data: bytes) -> None:
        end, rest = self._rest.pop(identity, (start, b""))
        lines = ((rest if end == start else b"") + data).splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            self._rest[identity] = start + len(data), lines.pop()
        for line in lines:
            self.came[line] += 1
            if line not in self.written:
                self.faults.append(f"{identity} {start}: {line[:60]!r} was never written")

    def missing(self) -> list[str]:
        return [
            f"{line[:60]!r} came {self.came[line]} times, and was written {count} times"
            for line, count in self.written.items()
            if self.came[line] < count
        ]

    def lost(self) -> int:
        return sum(len(line) for line in self.written)


class Oracle:
    """One run over some paths below one folder."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        folder = self.random.choice(FOLDERS)
        self.directory = Path(tempfile.mkdtemp(prefix=f"pillion-alike-{seed}-", dir=folder))
        self.state = self.directory / "state"
        self.lines = Lines()
        self.evidence = (self.directory / "evidence").open("a", buffering=1)
        self.reader: ReaderProcess | None = None
        self.is_stopped = False
        banner = self.random.choice(BANNERS)
        names = ["app1.log", "app2.log", "app3.log", "named.log"]
        self.apps = [
            App(self.directory / name, banner, self.random.random() < 0.5, self.lines.write)
            for name in names
        ]
        self.most_files = self.random.choice([0, 0, 64])

    def run(self, operations: int) -> None:
        self.start()
        for _ in range(operations):
            self.operate()
        self.go_on()
        if self.reader is None:
            self.start(die=False)
        self.finish()

    def operate(self) -> None:
        weighted = [
            (self.write, 40),
            (self.rename, 14),
            (self.copytruncate, 10),
            (self.logrotate, 2),
            (self.pause, 6),
            (self.stop_and_go, 8),
            (self.kill, 3),
            (self.end, 2),
            (self.forget_the_old, 1),
        ]
        operations, weights = zip(*weighted, strict=True)
        operation = self.random.choices(operations, weights)[0]
        self.note(operation.__name__)
        operation()
        reader = self.reader
        if reader is None:
            if self.random.random() < 0.2:
                self.start()
        elif not self.is_stopped and not reader.drain(self.lines):
            self.note("it was killed at a save point")
            reader.end()
            self.reader = None

    def start(self, *, die: bool = True) -> None:
        self.note("start")
        is_first = not kept_positions(self.state)[1]
        may_die = die and not is_first and self.random.random() < 0.3
        self.reader = ReaderProcess(
            self.state,
            [self.directory / "app?.log", self.directory / "named.log"],
            self.evidence,
            no_inotify=self.random.random() < 0.5,
            most_files=self.most_files,
            die_at=self.random.randint(1, 12) if may_die else 0,
        )
        self.reader.wait_until_ready(self.lines)
        deadline = time.monotonic() + PATIENCE
        while is_first and not kept_positions(self.state)[1]:
            assert time.monotonic() < deadline, "no checkpoint is written"
            time.sleep(0.002)

    def write(self) -> None:
        app = self.random.choice(self.apps)
        app.write(self.random.choice([1, 3, 10, 1000]))

    def rename(self) -> None:
        app = self.random.choice(self.apps)
        app.rename()
        if self.random.random() < 0.7:
            app.write(1)

    def copytruncate(self) -> None:
        app = self.random.choice(self.apps)
        app.copytruncate()
        if self.random.random() < 0.7:
            app.write(self.random.choice([0, 1, 20]))

    def logrotate(self) -> None:
        mode = rotate_for_real(self.directory, self.apps, self.random)
        self.note(f"logrotate {mode}")

    def pause(self) -> None:
        time.sleep(self.random.random() * 0.1)

    def stop_and_go(self) -> None:
        if self.is_stopped:
            self.go_on()
        elif self.reader is not None and self.reader.process.poll() is None:
            os.kill(self.reader.pid, signal.SIGSTOP)
            self.is_stopped = True

    def go_on(self) -> None:
        if self.is_stopped and self.reader is not None:
            os.kill(self.reader.pid, signal.SIGCONT)
        self.is_stopped = False

    def kill(self) -> None:
        if self.reader is not None:
            self.reader.kill(self.lines)
            self.reader, self.is_stopped = None, False

    def end(self) -> None:
        reader = self.reader
        self.go_on()
        if reader is not None and not reader.may_die:
            reader.stop(self.lines)
            self.reader = None

    def forget_the_old(self) -> None:
        """Delete what was rotated once all has come out, so that inodes are used again."""
        if self.reader is None or self.is_stopped or self.reader.may_die:
            return
        self.wait_for_all()
        if not self.lines.missing():
            self.pause()
            for app in self.apps:
                app.forget_the_old()

    def wait_for_all(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.lines.missing() and time.monotonic() < deadline:
            assert self.reader is not None
            self.reader.drain(self.lines)
            time.sleep(0.005)

    def finish(self) -> None:
        assert self.reader is not None
        reader = self.reader
        if reader.may_die:
            self.kill()
            self.start(die=False)
            reader = self.reader
        self.wait_for_all()
        reader.stop(self.lines)

    def note(self, operation: str) -> None:
        self.evidence.write(f"{time.time():.3f} {operation}\n")

    def verdict(self) -> list[str]:
        return [*self.lines.faults, *self.lines.missing()][:10]


def run(seed: int, operations: int = OPERATIONS) -> list[str]:
    """Run one seed; return what was wrong, with the directory of the evidence first."""
    oracle = Oracle(seed)
    try:
        oracle.run(operations)
    finally:
        oracle.go_on()
        if oracle.reader is not None:
            oracle.reader.end()
        for app in oracle.apps:
            app.close()
        oracle.evidence.close()
    wrong = oracle.verdict()
    if wrong:
        return [f"seed {seed}, evidence in {oracle.directory}", *wrong]
    shutil.rmtree(oracle.directory)
    return []


if __name__ == "__main__":
    sys.exit(search(__doc__, run))
