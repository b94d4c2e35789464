"""What a whole process costs before anybody asks it for work: memory, and CPU until it answers.

CPU time rather than time on the clock, which a busy machine stretches; `make bench` has the clock.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from pillion.testing import started

BIN = Path(sys.executable).parent
BLACKBOX = "modules:\n  http_2xx:\n    prober: http\n"
AGENT = "[INPUT]\n  Name tail\n  Path {folder}/*.log\n[OUTPUT]\n  Name null\n  Match *\n"
FIRST_ANSWER = 1.0  # less than half a second on a machine at rest; more where others work

# command, its flags, MiB at rest.
PROCESSES = {
    "nginx-exporter": (["--nginx.scrape-uri=http://127.0.0.1:1/stub_status"], 41),
    "blackbox-exporter": (["--config.file={folder}/blackbox.yml"], 44),
    "log-agent": (["--config.file={folder}/agent.conf"], 47),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_small_at_rest_and_soon_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):  # whoever chooses others has them read
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "blackbox.yml").write_text(BLACKBOX)
    (tmp_path / "agent.conf").write_text(AGENT.format(folder=tmp_path))
    flags, most = PROCESSES[name]
    command = [str(BIN / f"pillion-{name}"), *(flag.format(folder=tmp_path) for flag in flags)]
    with started([*command, "--web.listen-address=127.0.0.1:0"]) as process:
        assert process.get("/-/healthy").status == 200
        seconds = cpu_seconds(process.pid)
        assert memory(process.pid) <= most
    assert seconds <= FIRST_ANSWER


def memory(pid: int) -> float:
    """Return resident memory in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has taken, in all its threads (proc(5), 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
