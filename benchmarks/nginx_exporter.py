"""The nginx exporter beside nginx-prometheus-exporter, on one nginx.

CPU per scrape, memory at rest and after many scrapes, and the time to the first answer.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.processes import Client, Measured, free_port, measured, ours
from benchmarks.report import Row, progress, ratio, show
from demo.nginx import CONFIGURATION

ROUNDS = 20
SCRAPES = 200
MANY = 10_000
STARTS = 5

GOAL_RSS, GOAL_FIRST = 42.0, 0.5


def main(
    program: tuple[str, ...] = (ours("pillion-nginx-exporter"),),
    title: str = "nginx exporter, beside prometheus-nginx-exporter",
) -> None:
    port, our_port, peer_port = free_port(), free_port(), free_port()
    uri = f"http://127.0.0.1:{port}/stub_status"
    our_command = (
        *program,
        f"--nginx.scrape-uri={uri}",
        f"--web.listen-address=127.0.0.1:{our_port}",
    )
    peer_command = (
        "prometheus-nginx-exporter",
        f"-nginx.scrape-uri={uri}",
        f"-web.listen-address=127.0.0.1:{peer_port}",
    )
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        path = Path(folder) / "nginx.conf"
        path.write_text(CONFIGURATION.format(folder=folder, port=port))
        nginx = ("/usr/sbin/nginx", "-c", str(path), "-p", folder, "-e", "stderr")
        stack.enter_context(measured(*nginx, port=port, path="/stub_status"))
        firsts = _starts(our_command, our_port), _starts(peer_command, peer_port)
        us = stack.enter_context(measured(*our_command, port=our_port))
        peer = stack.enter_context(measured(*peer_command, port=peer_port))
        show(title, _rows(us, peer, firsts))


def _rows(us: Measured, peer: Measured, firsts: tuple[list[float], list[float]]) -> list[Row]:
    idle = us.rss, peer.rss
    our_cpu: list[float] = []
    peer_cpu: list[float] = []
    our_plain: list[float] = []
    peer_plain: list[float] = []
    clients = Client(us.port, "/metrics"), Client(peer.port, "/metrics")
    plain = Client(us.port, "/metrics", ""), Client(peer.port, "/metrics", "")
    for number in range(ROUNDS):
        progress(f"round {number + 1} of {ROUNDS}: {2 * SCRAPES} scrapes of each")
        our_cpu.append(_milliseconds_a_scrape(us, clients[0], SCRAPES))
        peer_cpu.append(_milliseconds_a_scrape(peer, clients[1], SCRAPES))
        our_plain.append(_milliseconds_a_scrape(us, plain[0], SCRAPES))
        peer_plain.append(_milliseconds_a_scrape(peer, plain[1], SCRAPES))
    left = MANY - 2 * ROUNDS * SCRAPES
    for process, client in zip((us, peer), clients, strict=True):
        _milliseconds_a_scrape(process, client, left)
    later = us.rss, peer.rss
    return [
        Row(
            "CPU per scrape, ms",
            our_cpu,
            peer_cpu,
            "ratio at most 1",
            ratio(our_cpu, peer_cpu) <= 1,
        ),
        Row("  for a client that takes no gzip (not Prometheus)", our_plain, peer_plain),
        Row("RSS idle, MB", *_pair(idle), f"at most {GOAL_RSS:g}", idle[0] <= GOAL_RSS),
        Row(
            f"RSS after {MANY} scrapes, MB",
            *_pair(later),
            "at most 1 more",
            later[0] - idle[0] <= 1,
        ),
        Row(
            "start to first scrape, s",
            *firsts,
            f"at most {GOAL_FIRST:g}",
            median(firsts[0]) <= GOAL_FIRST,
        ),
    ]


def _pair(figures: tuple[float, float]) -> tuple[list[float], list[float]]:
    return [figures[0]], [figures[1]]


def _milliseconds_a_scrape(process: Measured, client: Client, count: int) -> float:
    before = process.cpu
    for _ in range(count):
        client.ask()
    return (process.cpu - before) / count * 1000


def _starts(command: tuple[str, ...], port: int) -> list[float]:
    times = []
    for _ in range(STARTS):
        with measured(*command, port=port) as process:
            times.append(process.first_answer)
    return times


if __name__ == "__main__":
    main()
