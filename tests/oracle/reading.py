"""The reader as a process: started, read from, stopped and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.oracle.state import kept_positions, open_inodes

if TYPE_CHECKING:
    from tests.oracle.life import Taking

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0


class ReaderProcess:
    """One life of the reader.

    Attributes:
        kept: by identity, the positions that were safe on disk when it started.
        has_state: there was a checkpoint with a look in it.
        full_disk: it cannot write its state.
        may_die: it is killed at a save point.
        ledgers: what it said last.
    """

    def __init__(
        self,
        state: Path,
        paths: list[Path],
        evidence: IO[str],
        *,
        no_inotify: bool,
        full_disk: bool = False,
        most_files: int = 0,
        die_at: int = 0,
    ) -> None:
        self.state = state
        self.kept, self.has_state = kept_positions(state)
        self.full_disk = full_disk
        self.may_die = die_at > 0
        self.ledger: dict[str, int] = {}
        flags = ["--no-inotify"] * no_inotify + ["--full-disk"] * full_disk
        flags += [f"--most-files={most_files}", f"--die-at={die_at}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.oracle.reader", "--state", str(state), *flags]
            + [str(path) for path in paths],
            stdout=subprocess.PIPE,
            stderr=evidence,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self.pipe = self.process.stdout.fileno()
        os.set_blocking(self.pipe, False)
        self.buffer = b""
        self.is_ready = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until_ready(self, truth: Taking) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready:
            if self.may_die and self.process.poll() is not None:
                return
            assert self.process.poll() is None, "the reader ended by itself"
            assert time.monotonic() < deadline, "the reader does not start"
            self.drain(truth)
            time.sleep(0.002)

    def holds(self, inode: int) -> bool:
        """Return whether it has a file with this inode open."""
        return inode in open_inodes(self.pid)

    def drain(self, truth: Taking) -> bool:
        """Judge what has come out so far; return whether there may be more to come."""
        while True:
            try:
                data = os.read(self.pipe, 1 << 20)
            except BlockingIOError:
                self._parse(truth)
                return True
            if not data:
                self._parse(truth)
                return False
            self.buffer += data

    def stop(self, truth: Taking) -> None:
        """Stop it with SIGTERM, and hold it to its own ledger."""
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self.drain(truth):
            assert time.monotonic() < deadline, "the reader does not end"
            time.sleep(0.002)
        assert self.process.wait(PATIENCE) == 0
        ledger = self.ledger
        if not ledger or ledger["read"] != ledger["delivered"] + ledger["dropped"]:
            truth.faults.append(f"the ledger does not balance: {ledger}")
        # After a kill, what came out and was not safe on disk yet may rightly count as lost.
        if ledger and ledger["lost"] > truth.lost() and not truth.may_repeat:
            truth.faults.append(f"counts {ledger['lost']} as lost of {truth.lost()} bytes")
        self.end()

    def kill(self, truth: Taking) -> None:
        self.process.kill()
        while self.drain(truth):
            time.sleep(0.001)
        self.end()

    def end(self) -> None:
        """Clear away, whatever it is doing."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _parse(self, truth: Taking) -> None:
        while True:
            headline, newline, rest = self.buffer.partition(b"\n")
            if not newline:
                return
            kind, *fields = headline.split(b" ")
            if kind == b"R":
                self.is_ready = True
            elif kind == b"L":
                pairs = [field.decode().split("=") for field in fields]
                self.ledger = {name: int(value) for name, value in pairs}
            else:
                start, length = int(fields[0]), int(fields[1])
                if len(rest) < length:
                    return
                truth.take(fields[2].decode(), start, rest[:length])
                rest = rest[length:]
            self.buffer = rest
