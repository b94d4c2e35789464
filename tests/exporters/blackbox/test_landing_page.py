"""The landing page in a real browser, and its picture of a probe."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pillion_blackbox_exporter.probing.trace import Phase, Trace
from pillion_blackbox_exporter.service.waterfall import axis_end, picture, seconds
from tests.exporters.blackbox.running import running, scrape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PNG = b"\x89PNG\r\n\x1a\n"


def browse(url: str, folder: Path, *flags: str) -> str:
    """Open a page in chromium; return what it writes."""
    assert CHROMIUM is not None
    ran = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}/profile", *flags, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ran.stdout


@pytest.fixture
def slow_server() -> Iterator[int]:
    """A server that takes 50 ms to answer and 50 ms to send."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                time.sleep(0.05)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
                time.sleep(0.05)
                connection.sendall(b"b")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_shows_the_probes_as_a_picture(tmp_path: Path, slow_server: int) -> None:
    with running() as exporter:
        scrape(exporter, f"127.0.0.1:{slow_server}/<b>bold</b>")
        scrape(exporter, f"http://user:hunter2@{exporter.address}/nope")
        scrape(exporter, "127.0.0.1:1", "tcp_connect")
        url = f"http://{exporter.address}/"
        dom = browse(url, tmp_path, "--dump-dom")
        screenshot = tmp_path / "page.png"
        browse(url, tmp_path, f"--screenshot={screenshot}", "--window-size=1000,800")
    assert "2 of 3 failed" in dom
    assert dom.count("<svg") >= 3
    for phase in ("processing", "transfer"):
        (milliseconds,) = re.findall(rf"<title>{phase} ([0-9.]+) ms</title>", dom)[-1:]
        # The server waits for 50 ms, of which a busy machine measures less.
        assert float(milliseconds) >= 25
    for reason in ("status", "refused"):
        assert f'<strong class="bad">{reason}</strong>' in dom
    assert "/&lt;b&gt;bold&lt;/b&gt;" in dom
    assert "hunter2" not in dom
    assert 'href="logs?id=0"' in dom
    assert screenshot.read_bytes().startswith(PNG)


def test_nothing_of_the_page_comes_from_elsewhere() -> None:
    with running() as exporter:
        answer = exporter.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "http://" not in answer.text.replace(exporter.address, "")
    assert "None so far." in answer.text
    assert "<option>http_2xx</option>" in answer.text


@pytest.mark.parametrize(
    ("longest", "end"),
    [(0, 0.001), (0.0009, 0.001), (0.001, 0.001), (0.0011, 0.002), (0.3, 0.5), (4.2, 5), (9, 10)],
)
def test_an_axis_ends_at_a_round_figure(longest: float, end: float) -> None:
    assert axis_end(longest) == pytest.approx(end)


def test_a_bar_stands_where_its_phase_was() -> None:
    trace = Trace(lambda: 0.0)
    trace.phases = [Phase("connect", 0.0, 0.25), Phase("processing", 0.25, 1.0)]
    trace.ended = 1.0
    drawn = picture(trace)
    assert '<rect x="4.0" y="3" width="69.0"' in drawn
    assert '<rect x="73.0" y="3" width="207.0"' in drawn
    assert "connect 250 ms, processing 750 ms" in drawn


@pytest.mark.parametrize(
    ("value", "text"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (0.00042, "420 µs"), (0, "0 µs")]
)
def test_seconds_are_written_for_people(value: float, text: str) -> None:
    assert seconds(value) == text
