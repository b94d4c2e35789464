"""Processes that write to a pipe, the pipe's other end, and a writer that keeps a steady pace."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE = 120.0
LINE = b'2026-01-31T12:00:00.000000Z INFO request id=0123456789abcdef method=GET path="/v1/items"'
LINE += b" status=200 duration_ms=12 bytes=5120 peer=10.0"[: 133 - len(LINE)] + b"\n"
assert len(LINE) == 134

WRITER = """
import sys, time
path, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
step = max(1, rate // 1000)
with open(path, "ab", buffering=0) as file:
    start = time.monotonic()
    for number in range(int(rate * seconds / step)):
        due = start + number * step / rate
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        file.write((b"%020d" % time.monotonic_ns() + b"x" * 113 + b"\\n") * step)
"""


class Streaming:
    """A process whose standard output is read here.

    Attributes:
        count: bytes that were read so far.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self.count = 0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)
        self._buffer = bytearray(1 << 20)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def cpu(self) -> float:
        """CPU seconds of all its threads so far (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    @property
    def rss(self) -> float:
        """Resident memory in MB."""
        return self._status("VmRSS:")

    @property
    def peak_rss(self) -> float:
        """The most resident memory so far, in MB."""
        return self._status("VmHWM:")

    def _status(self, key: str) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(key))
        return int(line.split()[1]) / 1024

    def read_until(self, count: int, *, quiet: float) -> float:
        """Read until there are so many bytes, and then until it is quiet for so long.

        Returns the seconds from its start to the last byte.
        """
        last = time.monotonic()
        while True:
            patience = PATIENCE if self.count < count else quiet
            if not self._poll.poll(patience * 1000):
                assert self.count >= count, f"{self._command!r} writes no more"
                return last - self._began
            self.count += os.readv(self._pipe, [self._buffer])
            last = time.monotonic()

    def read(self, seconds: float) -> bytes:
        """Return what comes first within so many seconds."""
        if not self._poll.poll(max(0.0, seconds) * 1000):
            return b""
        data = os.read(self._pipe, 1 << 20)
        self.count += len(data)
        return data

    def settle(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(end - time.monotonic())


@contextmanager
def trickle(path: Path, rate: int, seconds: float) -> Iterator[None]:
    """Write lines that hold their time at a steady pace, from another process."""
    command = [sys.executable, "-c", WRITER, str(path), str(rate), str(seconds)]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.kill()
        process.wait(PATIENCE)


def latencies(streaming: Streaming, seconds: float) -> list[float]:
    """Return the milliseconds from writing to reading of what comes within so many seconds."""
    found: list[float] = []
    rest = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = streaming.read(end - time.monotonic())
        now = time.monotonic_ns()
        *lines, rest = (rest + data).split(b"\n")
        # Lines of one write have one time; every tenth is enough of many.
        step = 10 if len(lines) > 10 else 1
        found += [(now - int(line[:20])) / 1e6 for line in lines[::step] if len(line) == 133]
    return found
