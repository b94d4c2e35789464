"""Where the demo plays: a folder, the processes that were started, and their end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

PATIENCE = 10.0


class Part(Protocol):
    """One process of ours with what it measures."""

    title: str
    page: str

    def start(self, stage: Stage) -> None:
        """Start the application and our process, and know the address of the landing page."""
        ...

    def figures(self) -> list[str]:
        """Return the live figures, a line each."""
        ...


class Stage:
    """Starts processes and ends them all, in the opposite order.

    Attributes:
        folder: a temporary folder that goes with the stage.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def run(self, *command: str) -> None:
        """Start a process that lives as long as the stage; its errors go to `NAME.log`."""
        log = self._stack.enter_context((self.folder / f"{Path(command[0]).name}.log").open("wb"))
        process = subprocess.Popen(  # noqa: S603  # the demo's own command lines
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._stack.callback(_end, process)

    def run_ours(self, name: str, *flags: str) -> None:
        """Start one of our commands from the environment that the demo runs in."""
        self.run(str(Path(sys.executable).parent / name), *flags)

    def on_end(self, close: _Close) -> None:
        """Have something closed at the end."""
        self._stack.callback(close)


class _Close(Protocol):
    def __call__(self) -> object: ...


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def fetch(url: str) -> str:
    """Return the text of a page on loopback; empty while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # http on loopback
            text: str = answer.read().decode()
            return text
    except (OSError, urllib.error.URLError):
        return ""


def wait_for(url: str, log: Path) -> None:
    """Wait until a page answers; raises SystemExit with the process's log when it does not."""
    give_up = time.monotonic() + PATIENCE
    while not fetch(url):
        if time.monotonic() > give_up:
            raise SystemExit(f"nobody answers at {url}:\n{log.read_text()}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def program(name: str) -> str | None:
    """Return the path of a program, or None where the machine has none.

    DEMO_WITHOUT=name plays a machine that lacks it.
    """
    if name in os.environ.get("DEMO_WITHOUT", "").split(","):
        return None
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
