from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "pillion-log-streamer")
PATIENCE = 20.0


class Running:
    """A streamer with its standard output in a pipe."""

    def __init__(self, *arguments: str, **more: object) -> None:
        self.process = subprocess.Popen(
            [COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            **more,  # type: ignore[call-overload]  # what Popen takes
        )
        self.pipe = self.process.stdout.fileno()

    def read(self, count: int) -> bytes:
        """Wait for so many bytes."""
        data = b""
        deadline = time.monotonic() + PATIENCE
        while len(data) < count:
            left = deadline - time.monotonic()
            if not select.select([self.pipe], [], [], max(0.0, left))[0]:
                raise AssertionError(f"{count} bytes were awaited, and {data!r} came")
            more = os.read(self.pipe, count - len(data))
            if not more:
                raise AssertionError(f"it ended after {data!r}: {self.errors()}")
            data += more
        return data

    def errors(self) -> str:
        assert self.process.stderr is not None
        return str(self.process.stderr.read(), "utf-8")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, bytes, str]:
        """Send a signal; return the exit status, what still came out, and the log."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, bytes, str]:
        out, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, errors.decode()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


class Starter:
    """Starts streamers and ends them with the test."""

    def __init__(self) -> None:
        self.started: list[Running] = []

    def __call__(self, *arguments: object, **more: object) -> Running:
        running = Running(*[str(argument) for argument in arguments], **more)
        self.started.append(running)
        return running


@pytest.fixture
def start() -> Iterator[Starter]:
    starter = Starter()
    yield starter
    for running in starter.started:
        running.end()
