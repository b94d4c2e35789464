"""With a web server: metrics, health, the page, and the way to end it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pillion.testing import started
from pillion.testing.process import Started
from tests.sidecars.log_streamer.conftest import COMMAND


@contextmanager
def streamer(path: Path, *flags: str) -> Iterator[Started]:
    command = [COMMAND, "--web.listen-address=127.0.0.1:0", "--drain.quiet=0s", *flags, str(path)]
    with started(command) as running:
        yield running


def test_metrics_balance_and_name_each_file(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n2\n")
    with streamer(path, "--output=prefix") as running:
        while running.scrape().value("log_streamer_delivered_lines_total") < 2:
            pass
        scrape = running.scrape()
        assert scrape.value("log_streamer_read_bytes_total") == 4
        assert scrape.value("log_streamer_in_flight_bytes") == 0
        assert scrape.value("log_streamer_open_files") == 1
        assert scrape.value("log_streamer_file_position_bytes", path=str(path)) == 4
        assert scrape.value("log_streamer_lost_bytes_total", reason="truncated_unread") == 0


def test_the_page_shows_each_file(tmp_path: Path) -> None:
    path = tmp_path / "a<b>.log"
    path.write_bytes(b"1\n2\n")
    with streamer(path) as running:
        while running.scrape().value("log_streamer_open_files") < 1:
            pass
        page = running.get("/")
        assert page.status == 200
        assert "a&lt;b&gt;.log" in page.text
        assert "<b>" not in page.text


def test_it_is_healthy_and_ready_and_ends_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    with streamer(path) as running:
        assert running.get("/-/healthy").status == 200
        running.wait_for_log("listening")
        assert running.get("/-/quit").status == 405
        assert running.get("/-/quit", method="POST").text == "ending\n"
        assert running.wait() == 0
        assert "delivered all that was read" in running.log


def test_it_ends_on_sigterm_with_all_delivered(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    with streamer(path, f"--state.dir={tmp_path}/state") as running:
        running.signal(signal.SIGTERM)
        assert running.wait() == 0
    assert b"a.log" in (tmp_path / "state" / "tail.checkpoint").read_bytes()


def test_it_answers_while_nobody_reads_standard_output(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 99 + b"\n" + (b"y" * 99 + b"\n") * 50_000)
    command = [COMMAND, "--web.listen-address=127.0.0.1:0", "--drain.timeout=500ms", str(path)]
    read, write = os.pipe()
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        running = Started(process, 20.0)
        try:
            running.wait_for_log("listening")
            assert running.get("/-/healthy").status == 200
            assert running.scrape().value("log_streamer_lag_bytes") > 0
            running.signal(signal.SIGTERM)
            assert running.wait() == 0
        finally:
            process.kill()
            os.close(read)
            os.close(write)


def test_a_closed_standard_output_ends_it_with_status_1(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [COMMAND, "--web.listen-address=127.0.0.1:0", "--drain.quiet=0s", str(path)],
        stdout=write,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert b"standard output is closed" in errors


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="another's files are made by root"
)
def test_it_is_not_ready_when_the_file_may_not_be_read_and_the_page_says_why(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n")
    path.chmod(0o640)
    os.chown(path, 1001, 2002)
    as_anybody = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    command = [*as_anybody, COMMAND, "--web.listen-address=127.0.0.1:0", str(path)]
    with started(command) as running:
        running.wait_for_log("may not be read")
        while (answer := running.get("/-/ready")).status != 503:
            pass
        assert f"it reads nothing: {path} may not be read" in answer.text
        assert "1001:2002 with mode 0640" in running.get("/").text
        assert running.scrape().value("log_streamer_unreadable_files") == 1
