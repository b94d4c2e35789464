"""Programs that rotate what they write, around a real tailer: each line comes, and comes once."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from typing import IO, TYPE_CHECKING

import pytest

from pillion.tail import Checkpoint, Tailer
from tests import needs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = 3000
WITHIN = 60.0
# Each of the files has some 60 lines, and there is one every few milliseconds.
PROGRAMS = {
    "multilog": (["multilog", "s4096", "n1000", "{directory}"], "current"),
    "s6-log": (["s6-log", "n1000", "s4096", "{directory}"], "current"),
    "rotatelogs": (["rotatelogs", "-n", "1000", "{directory}/app.log", "4K"], "app.log*"),
    "cronolog": (["cronolog", "{directory}/app.%S.log"], "app.*.log"),
}


def written() -> list[bytes]:
    return [b"%d %s\n" % (number, b"x" * (number % 120)) for number in range(LINES)]


def feed(stream: IO[bytes]) -> None:
    for line in written():
        stream.write(line)
        stream.flush()
    stream.close()


def follow(tailer: Tailer, count: int) -> Counter[bytes]:
    """Read until so many different lines have come, or for as long as that may take."""
    came: Counter[bytes] = Counter()
    deadline = time.monotonic() + WITHIN
    while len(came) < count and time.monotonic() < deadline:
        for chunk in tailer.step():
            came.update(chunk.data.splitlines(keepends=True))
            chunk.ack()
        tailer.wait(0.01)
    return came


def came_of(directory: Path, pattern: str, write: Callable[[], None]) -> Counter[bytes]:
    """Follow what a function writes below a directory, to its end; return which lines came."""
    state = Checkpoint(directory / "state")
    with Tailer([f"{directory}/logs/{pattern}"], checkpoint=state) as tailer:
        tailer.begin()
        writer = threading.Thread(target=write)
        writer.start()
        came = follow(tailer, LINES)
        writer.join()
        tailer.stop()
        for chunk in tailer:
            came.update(chunk.data.splitlines(keepends=True))
            chunk.ack()
    return came


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_that_a_program_writes_and_rotates_is_lost_or_comes_twice(
    tmp_path: Path, program: str
) -> None:
    words, pattern = PROGRAMS[program]
    directory = tmp_path / "logs"
    directory.mkdir()
    words = [needs.program(program), *words[1:]]
    command = [word.replace("{directory}", str(directory)) for word in words]

    def write() -> None:
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            feed(process.stdin)

    assert came_of(tmp_path, pattern, write) == Counter(written())


def test_nor_is_what_pythons_own_handler_does(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()

    def write() -> None:
        path = tmp_path / "logs" / "app.log"
        handler = RotatingFileHandler(path, maxBytes=20_000, backupCount=90)
        for line in written():
            handler.handle(makeLogRecord({"msg": line.decode().removesuffix("\n")}))
        handler.close()

    assert came_of(tmp_path, "app.log", write) == Counter(written())
