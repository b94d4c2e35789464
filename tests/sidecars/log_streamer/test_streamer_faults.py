"""One file's fault is that file's, and a crash is no success."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pillion_log_streamer.failure import StdoutClosedError
from pillion_log_streamer.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CRASHING = """
import sys
from pillion_log_streamer import streamer
from pillion_log_streamer.command import main

def crash(self, within):
    raise LookupError("a fault of ours")

streamer.Streamer.run = crash
sys.argv = ["pillion-log-streamer", *sys.argv[1:]]
sys.exit(main())
"""


DYING = """
import sys
from pillion_log_streamer.command import main
from pillion_log_streamer.service import LogStreamer

def crash(self, now):
    raise LookupError("a fault of ours")

LogStreamer._look = crash
sys.argv = ["pillion-log-streamer", *sys.argv[1:]]
sys.exit(main())
"""


def refuse(*_arguments: object, **_named: object) -> int:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture
def source(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    with path.open("rb") as file:
        yield file.fileno()


@pytest.fixture
def pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    yield writer
    os.close(reader)
    os.close(writer)


def test_a_file_that_cannot_be_read_is_not_taken_for_a_closed_output(
    source: int, pipe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink(pipe)
    monkeypatch.setattr(os, "splice", refuse)
    monkeypatch.setattr(os, "pread", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        sink.copy(source, 0, 100)


def test_an_output_that_cannot_be_written_is_told_from_the_file(
    source: int, pipe: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Sink(pipe)
    monkeypatch.setattr(os, "splice", refuse)
    with pytest.raises(StdoutClosedError, match="standard output is closed"):
        sink.copy(source, 0, 100)


@pytest.mark.parametrize("flags", [(), ("--web.listen-address=127.0.0.1:0",)], ids=["bare", "web"])
def test_a_crash_ends_it_with_a_status_that_says_so(tmp_path: Path, flags: tuple[str, ...]) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    command = [sys.executable, "-c", CRASHING, *flags, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "LookupError" in done.stderr
    assert "a fault of ours" in done.stderr


def test_so_does_the_end_of_what_watches_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    command = [sys.executable, "-c", DYING, "--web.listen-address=127.0.0.1:0", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a fault of ours" in done.stderr
    assert "never retrieved" not in done.stderr
