"""The real logrotate, in its three habits, around a real tailer."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin:/bin")


@pytest.mark.skipif(LOGROTATE is None, reason="needs logrotate")
@pytest.mark.parametrize(
    "habit",
    [
        "create",
        "copytruncate",
        "create\n dateext\n dateformat -%Y%m%d-NUMBER",
        "create\n compress",
        "create\n compress\n delaycompress",
        "copytruncate\n compress",
    ],
)
def test_nothing_is_lost_and_nothing_comes_twice(bench: Bench, habit: str) -> None:
    assert LOGROTATE is not None
    (bench.directory / "logs").mkdir(mode=0o755)
    path = bench.path("logs/a.log")
    configuration = bench.directory / "logrotate.conf"
    bench.open("logs/a.log", state=True)
    written, read = b"", b""
    for number in range(6):
        for part in range(3):
            line = b"%d %d a line that is long enough to be rotated\n" % (number, part)
            bench.append("logs/a.log", line)
            written += line
            if part != 1:
                read += bench.read()
        rules = f"su root root\n rotate 20\n size 1\n {habit.replace('NUMBER', str(number))}"
        configuration.write_text(f'"{path}" {{\n {rules}\n}}\n')
        configuration.chmod(0o644)
        command = [LOGROTATE, "--force", "--state", bench.path("status"), str(configuration)]
        subprocess.run(command, check=True, capture_output=True)
        if number % 3 == 2 and "\n compress" not in habit:
            bench.close()
            bench.open("logs/a.log", state=True)
    read += bench.read() + bench.read()
    assert read == written
    assert bench.tailer.ledger.bytes_lost == 0
