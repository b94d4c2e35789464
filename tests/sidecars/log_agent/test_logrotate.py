"""The real logrotate around the agent, while a writer goes on."""

from __future__ import annotations

import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_delivery import configured, expected, logs, taken, write

if TYPE_CHECKING:
    from pathlib import Path

LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin:/bin")
TURNS, LINES = 4, 50


class Writer:
    """Appends to a log whatever file is at its path; between two lines it may be told to wait."""

    def __init__(self, log: Path) -> None:
        self.written = 0
        self.pause = threading.Lock()
        self._log = log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        while not self._stop.is_set():
            with self.pause:
                write(self._log, range(self.written, self.written + LINES))
                self.written += LINES
            self._stop.wait(0.005)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.skipif(LOGROTATE is None, reason="needs logrotate")
@pytest.mark.parametrize(
    "habit",
    ["create", "copytruncate", "create\n compress\n delaycompress", "create\n compress"],
    ids=["create", "copytruncate", "compress and delaycompress", "compress"],
)
def test_each_line_is_one_document(tmp_path: Path, habit: str) -> None:
    assert LOGROTATE is not None
    rules = tmp_path / "logrotate.conf"
    log = tmp_path / "logs" / "a.log"
    command = [LOGROTATE, "--force", "--state", str(tmp_path / "status"), str(rules)]
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
        (tmp_path / "logs").chmod(0o755)
        rules.write_text(f'"{log}" {{\n su root root\n rotate 20\n size 1\n {habit}\n}}\n')
        rules.chmod(0o644)
        with agent(configuration) as running:
            writer = Writer(log)
            for _ in range(TURNS):
                taken(sink, sink.counts()["taken"] + LINES)
                sink.fail({"kind": "status", "status": 503}, {"kind": "lose"})
                if "copytruncate" in habit:
                    # What is written between its copy and its cut is lost, with any reader.
                    with writer.pause:
                        subprocess.run(command, check=True, capture_output=True)
                else:
                    subprocess.run(command, check=True, capture_output=True)
            writer.stop()
            taken(sink, writer.written)
            running.started.stop()
        assert logs(sink) == expected(range(writer.written))
    assert balances(summary(running.started.log))
    assert summary(running.started.log)["delivered"] == writer.written
