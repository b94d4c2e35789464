"""The page for whoever writes an exporter: each of its programs runs and does what it says."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pillion.testing import started
from tests.docs.test_docs import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pillion.testing import Started

FIRST, COUNTING, BOUNDED, WAITING, PAGES, SERVICE, TEST = range(7)


@contextmanager
def example(number: int, tmp_path: Path, *flags: str) -> Iterator[Started]:
    path = tmp_path / "exporter.py"
    path.write_text(examples("own-exporter.md")[number])
    command = [sys.executable, str(path), "--web.listen-address=127.0.0.1:0", *flags]
    with started(command) as process:
        yield process
        assert process.stop() == 0


def test_the_first_is_short_and_its_test_passes(tmp_path: Path) -> None:
    found = examples("own-exporter.md")
    assert len(found) == TEST + 1
    assert len([line for line in found[FIRST].splitlines() if line.strip()]) <= 15
    (tmp_path / "disk_exporter.py").write_text(found[FIRST])
    subprocess.run([sys.executable, "-c", found[TEST]], cwd=tmp_path, check=True)


def test_what_the_page_promises_of_the_first_is_there(tmp_path: Path) -> None:
    with example(FIRST, tmp_path) as disks:
        scrape = disks.scrape()
        assert scrape.value("disk_free_bytes", path="/tmp") > 0
        assert scrape.types["disk_exporter_build_info"] == "gauge"
        assert scrape.value("process_resident_memory_bytes") > 0
        assert disks.get("/-/healthy").status == 200
        assert disks.get("/-/ready").status == 200
        page = disks.get("/").text
        assert "Measures disks." in page
        assert "disk_free_bytes" in page


def test_the_second_counts_and_observes(tmp_path: Path) -> None:
    with example(COUNTING, tmp_path) as disks:
        disks.scrape()
        scrape = disks.scrape()
        assert scrape.value("disk_errors_total") == 2
        assert scrape.value("disk_measure_seconds_count", path="/") == 2
        assert scrape.value("disk_free_bytes", path="/") > 0
        disks.wait_for_log("could not be measured")


def test_the_bounded_series_are_made(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", examples("own-exporter.md")[BOUNDED]], check=True)


class Length(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"17")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def queue() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Length) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/length"
        server.shutdown()


def test_the_one_with_settings_fetches(tmp_path: Path, queue: str) -> None:
    with example(WAITING, tmp_path, f"--queue.url={queue}", "--queue.timeout=1m30s") as exporter:
        assert exporter.scrape().value("queue_length") == 17
        labels = exporter.scrape().labels("queue_exporter_build_info")
        assert [each["version"] for each in labels] == ["1.0.0"]


def test_the_one_with_pages_answers_them(tmp_path: Path) -> None:
    with example(PAGES, tmp_path) as disks:
        assert '"free": ' in disks.get("/disks/usage").text
        assert disks.scrape().value("disk_free_bytes") > 0


def test_the_service_starts_reloads_and_drains(tmp_path: Path) -> None:
    with example(SERVICE, tmp_path) as sampler:
        assert sampler.get("/-/ready").status == 200
        assert sampler.get("/-/reload", method="POST").status == 200
        assert sampler.scrape().value("load_highest") >= 0
