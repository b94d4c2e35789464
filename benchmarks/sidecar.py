"""All roles in one process: what it takes beside four, and what a flood of one does to the others.

The log agent is given a file of many lines to ship, and the log streamer the same one, while the
nginx exporter is scraped and the blackbox exporter probes; each answer is timed, before the flood
and during it. What a probe reports is compared in the same way: its figures are what users read.
"""

from __future__ import annotations

import re
import socket
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.log_agent import FORMS, write
from benchmarks.processes import Client, Measured, free_port, measured, ours
from benchmarks.report import Row, progress, show

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL_RSS, GOAL_FIRST, GOAL_IDLE = 70.0, 0.9, 0.004
GOAL_ANSWER, GOAL_INFLATED = 250.0, 5.0
IDLE_SECONDS = 10.0
QUIET_ROUNDS = 300
PATIENCE = 120.0

CONFIGURATION = """
nginx-exporter:
  nginx.scrape-uri: http://127.0.0.1:{nginx}/stub_status
  web.listen-address: 127.0.0.1:{nginx_exporter}
blackbox-exporter:
  web.listen-address: 127.0.0.1:{blackbox_exporter}
log-streamer:
  paths: [{folder}/docker.log]
  output: json
  web.listen-address: 127.0.0.1:{log_streamer}
log-agent:
  config.file: {folder}/agent.yaml
  web.listen-address: 127.0.0.1:{log_agent}
"""
AGENT = """
pipeline:
  inputs:
    - {{name: tail, path: {folder}/docker.log, parser: docker, read_from_head: true}}
  outputs:
    - {{name: file, match: '*', path: {folder}, file: out.txt}}
"""
ROLES = ("nginx_exporter", "blackbox_exporter", "log_streamer", "log_agent")


class StubStatus(BaseHTTPRequestHandler):
    """What is scraped and probed: nginx's page, as nginx writes it."""

    protocol_version = "HTTP/1.1"
    page = b"Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n"  # fmt: skip  # noqa: E501

    def do_GET(self) -> None:  # the name that the base class calls
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        return


@dataclass(slots=True)
class Times:
    """Milliseconds of each answer."""

    scrapes: list[float] = field(default_factory=list)
    probes: list[float] = field(default_factory=list)
    reported: list[float] = field(default_factory=list)


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        target = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), StubStatus))
        threading.Thread(target=target.serve_forever, daemon=True).start()
        ports = {name: free_port() for name in ROLES}
        (folder / "agent.yaml").write_text(AGENT.format(folder=folder))
        (folder / "sidecar.yaml").write_text(
            CONFIGURATION.format(folder=folder, nginx=target.server_port, **ports)
        )
        own = free_port()
        command = (
            ours("pillion-sidecar"),
            f"--config.file={folder}/sidecar.yaml",
            f"--web.listen-address=127.0.0.1:{own}",
        )
        process = stack.enter_context(measured(*command, port=own, path="/-/healthy"))
        for port in ports.values():
            _until(lambda port=port: _answers(port))  # type: ignore[misc]
        show(
            "all roles in one process",
            [*_at_rest(process), *_under_flood(folder, ports, target.server_port)],
        )


def _at_rest(process: Measured) -> list[Row]:
    before = process.cpu
    progress(f"idle for {IDLE_SECONDS:g} s")
    time.sleep(IDLE_SECONDS)
    idle = (process.cpu - before) / IDLE_SECONDS
    first, rss = process.first_answer, process.rss
    return [
        Row("RSS idle, MB", [rss], goal=f"at most {GOAL_RSS:g}", is_met=rss <= GOAL_RSS),
        Row("first answer, s", [first], goal=f"within {GOAL_FIRST:g}", is_met=first <= GOAL_FIRST),
        Row("CPU idle, cores", [idle], goal=f"at most {GOAL_IDLE:g}", is_met=idle <= GOAL_IDLE),
    ]


def _under_flood(folder: Path, ports: dict[str, int], target: int) -> list[Row]:
    scrape = Client(ports["nginx_exporter"], "/metrics")
    probe = Client(ports["blackbox_exporter"], f"/probe?module=http_2xx&target=127.0.0.1:{target}/")
    quiet, flooded = Times(), Times()
    progress(f"{QUIET_ROUNDS} answers of each role at rest")
    for _ in range(QUIET_ROUNDS):
        _ask(scrape, probe, quiet)
    progress("a flood of lines for the log agent and the log streamer")
    source = write(folder / "written.log", FORMS["docker"])
    source.rename(folder / "docker.log")
    size = (folder / "docker.log").stat().st_size
    began = time.monotonic()
    while _shipped(folder) < size / 2 and time.monotonic() - began < PATIENCE:
        _ask(scrape, probe, flooded)
    inflated = median(flooded.reported) - median(quiet.reported)
    return [
        _answers_row("scrape at rest, ms, p99", quiet.scrapes),
        _answers_row("scrape under a flood of lines, ms, p99", flooded.scrapes),
        _answers_row("probe at rest, ms, p99", quiet.probes),
        _answers_row("probe under a flood of lines, ms, p99", flooded.probes),
        Row("probe_duration_seconds at rest, ms, p50", [median(quiet.reported)]),
        Row(
            "  longer under a flood, ms",
            [inflated],
            goal=f"at most {GOAL_INFLATED:g}",
            is_met=inflated <= GOAL_INFLATED,
        ),
    ]


def _answers_row(what: str, times: list[float]) -> Row:
    p99 = quantiles(times, n=100)[98]
    goal = f"within {GOAL_ANSWER:g}; p50 {median(times):.1f}, {len(times)} answers"
    return Row(what, [p99], goal=goal, is_met=p99 <= GOAL_ANSWER)


def _ask(scrape: Client, probe: Client, times: Times) -> None:
    began = time.perf_counter()
    scrape.ask()
    scraped = time.perf_counter()
    text = probe.ask()
    times.scrapes.append(1000 * (scraped - began))
    times.probes.append(1000 * (time.perf_counter() - scraped))
    found = re.search(rb"^probe_duration_seconds ([0-9.e-]+)", text, re.MULTILINE)
    assert found is not None, text
    times.reported.append(1000 * float(found[1]))


def _shipped(folder: Path) -> int:
    try:
        return (folder / "out.txt").stat().st_size
    except FileNotFoundError:
        return 0


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.01)


if __name__ == "__main__":
    main()
