"""The blackbox exporter beside blackbox_exporter, on the same targets.

CPU per probe over HTTP, HTTPS, HTTP/2 and TCP; how much the reported duration exceeds the
target's own time with 1, 50 and 500 probes in flight; memory.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

from benchmarks.crowd import ask
from benchmarks.processes import Client, Measured, free_port, measured, ours
from benchmarks.report import Row, progress, ratio, show
from tests.servers.certificates import Authority

GZIP = b"\x1f\x8b"
ROUNDS = 5
PROBES = 300
GOALS = {"HTTP": 0.5, "HTTPS": 0.8, "HTTP/2": 0.0, "TCP": 0.6}
GOAL_RSS = 47.0
GOAL_NEAR = 0.5

# In flight: milliseconds that the target takes, how often each client asks.
CROWDS = {1: (5, 100), 50: (100, 10), 500: (1000, 3)}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
    server {{ listen 127.0.0.1:{http}; location / {{ return 200 "hello"; }} }}
    server {{ listen 127.0.0.1:{https} ssl; location / {{ return 200 "hello"; }} }}
    server {{ listen 127.0.0.1:{http2} ssl http2; location / {{ return 200 "hello"; }} }}
}}
"""
MODULES = """
modules:
  http_2xx: {{prober: http}}
  trusting: {{prober: http, http: {{tls_config: {{ca_file: {ca}}}}}}}
  tcp_connect: {{prober: tcp}}
"""


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = Authority(folder)
        pair = authority.issue("127.0.0.1", until=datetime(2050, 1, 1, tzinfo=UTC))
        ports = {name: free_port() for name in ("http", "https", "http2", "delay", "us", "peer")}
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, pair=pair, **ports))
        (folder / "blackbox.yml").write_text(MODULES.format(ca=authority.path))
        nginx = ("/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", "-p", str(folder), "-e", "stderr")
        stack.enter_context(measured(*nginx, port=ports["http"], path="/"))
        delaying = (sys.executable, "-m", "benchmarks.delaying", str(ports["delay"]))
        stack.enter_context(measured(*delaying, port=ports["delay"], path="/0"))
        us, peer = (
            stack.enter_context(
                measured(
                    command,
                    f"--config.file={folder}/blackbox.yml",
                    f"--web.listen-address=127.0.0.1:{ports[name]}",
                    port=ports[name],
                )
            )
            for command, name in (
                (ours("pillion-blackbox-exporter"), "us"),
                ("prometheus-blackbox-exporter", "peer"),
            )
        )
        show("blackbox exporter, beside blackbox_exporter 0.23", _rows(us, peer, ports))


def _rows(us: Measured, peer: Measured, ports: dict[str, int]) -> list[Row]:
    idle = us.rss, peer.rss
    rows = _cpu_rows(us, peer, ports)
    for crowd in CROWDS:
        rows += _crowd_rows(us, peer, ports["delay"], crowd)
    later = us.rss, peer.rss
    return [
        *rows,
        Row("RSS idle, MB", [idle[0]], [idle[1]], f"at most {GOAL_RSS:g}", idle[0] <= GOAL_RSS),
        Row("RSS after the load, MB", [later[0]], [later[1]]),
    ]


def _cpu_rows(us: Measured, peer: Measured, ports: dict[str, int]) -> list[Row]:
    targets = {
        "HTTP": ("http_2xx", f"http://127.0.0.1:{ports['http']}/"),
        "HTTPS": ("trusting", f"https://127.0.0.1:{ports['https']}/"),
        "HTTP/2": ("trusting", f"https://127.0.0.1:{ports['http2']}/"),
        "TCP": ("tcp_connect", f"127.0.0.1:{ports['http']}"),
    }
    rows = []
    for name, (module, target) in targets.items():
        path = f"/probe?module={module}&target={quote(target, safe='')}"
        clients = Client(us.port, path), Client(peer.port, path)
        for client in clients:
            body = client.ask()
            body = gzip.decompress(body) if body.startswith(GZIP) else body
            assert b"\nprobe_success 1\n" in body, f"{name} does not succeed: {body.decode()}"
        cpu: tuple[list[float], list[float]] = [], []
        for number in range(ROUNDS):
            progress(f"{name}: round {number + 1} of {ROUNDS}, {PROBES} probes of each")
            for process, client, figures in zip((us, peer), clients, cpu, strict=True):
                before = process.cpu
                for _ in range(PROBES):
                    client.ask()
                figures.append((process.cpu - before) / PROBES * 1000)
        goal = GOALS[name]
        words = f"ratio at most {goal:g}" if goal else ""
        is_met = ratio(*cpu) <= goal if goal else None
        rows.append(Row(f"CPU per {name} probe, ms", *cpu, words, is_met))
        here, there = ([1000 / figure for figure in figures] for figures in cpu)
        rows.append(Row(f"  {name} probes per second on one core", here, there))
    return rows


def _crowd_rows(us: Measured, peer: Measured, delay_port: int, crowd: int) -> list[Row]:
    milliseconds, asks = CROWDS[crowd]
    target = quote(f"http://127.0.0.1:{delay_port}/{milliseconds}", safe="")
    path = f"/probe?module=http_2xx&target={target}"
    found = []
    for process in (us, peer):
        progress(f"{crowd} in flight, the target takes {milliseconds} ms")
        bodies = asyncio.run(
            ask(process.port, path, clients=crowd, asks=asks, pause=milliseconds / 1000)
        )
        over = [_duration(body) * 1000 - milliseconds for body in bodies]
        found.append((median(over), quantiles(over, n=100)[98]))
    (our_median, our_worst), (peer_median, peer_worst) = found
    return [
        Row(
            f"overhead with {crowd} in flight, ms, p50",
            [our_median],
            [peer_median],
            f"at most {GOAL_NEAR:g} more",
            our_median <= peer_median + GOAL_NEAR,
        ),
        Row("  p99", [our_worst], [peer_worst]),
    ]


def _duration(body: bytes) -> float:
    assert b"\nprobe_success 1\n" in body, body.decode()
    match = re.search(rb"^probe_duration_seconds (\S+)$", body, re.MULTILINE)
    assert match is not None
    return float(match[1])


if __name__ == "__main__":
    main()
