"""The blackbox exporter beside blackbox_exporter, on the same targets.

CPU per probe over HTTP, HTTPS, HTTP/2, TCP and DNS, and of a body that a pattern or CEL judges;
how much the reported duration exceeds the target's own time with 1, 50 and 500 probes in flight;
memory, and the time to the first answer. At rest it is measured with a module for each of HTTP,
TCP and DNS: what patterns and CEL take, a configuration with none of them does not pay.
The peer is the newest, which Go builds, or Debian's where there is no Go; that one knows no CEL.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING
from urllib.parse import quote

from benchmarks.crowd import ask
from benchmarks.processes import Client, Measured, free_port, measured, ours
from benchmarks.report import Row, progress, ratio, show
from tests.servers.certificates import Authority
from tests.servers.dns import name_server
from tools.peers import BLACKBOX_EXPORTER, blackbox_exporter

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP = b"\x1f\x8b"
ROUNDS = 5
PROBES = 300
GOALS = {
    "HTTP": 0.55, "HTTPS": 0.85, "HTTP/2": 0.0, "TCP": 0.65, "DNS": 0.7, "regex": 0.6, "CEL": 0.9,
}  # fmt: skip
GOAL_RSS = 47.0
GOAL_FIRST = 0.5
GOAL_NEAR = 0.5
STARTS = 5

# In flight: milliseconds that the target takes, how often each client asks.
CROWDS = {1: (5, 100), 50: (100, 10), 500: (1000, 3)}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
    server {{
        listen 127.0.0.1:{http};
        location / {{ return 200 "hello"; }}
        default_type application/json;
        location /status {{ return 200 '{document}'; }}
    }}
    server {{ listen 127.0.0.1:{https} ssl; location / {{ return 200 "hello"; }} }}
    server {{ listen 127.0.0.1:{http2} ssl http2; location / {{ return 200 "hello"; }} }}
}}
"""
PLAIN = """
modules:
  http_2xx: {{prober: http}}
  trusting: {{prober: http, http: {{tls_config: {{ca_file: {ca}}}}}}}
  tcp_connect: {{prober: tcp}}
  dns_a: {{prober: dns, dns: {{query_name: www.example.com, query_type: A}}}}
"""
PATTERNS = """
  regex:
    prober: http
    http:
      fail_if_body_not_matches_regexp: ['status": *"(ok|degraded)"']
      fail_if_body_matches_regexp: ['error[^a-z]+\\d{{3}}', 'panic: ']
"""
CEL = """
  cel: {prober: http, http: {fail_if_body_json_matches_cel: 'body.used / body.total > 0.9'}}
"""
DOCUMENT = '{{"status": "ok", "used": 17, "total": 400, "notes": "{}"}}'.format(
    "all is well. " * 150
)


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = Authority(folder)
        pair = authority.issue("127.0.0.1", until=datetime(2050, 1, 1, tzinfo=UTC))
        ports = {name: free_port() for name in ("http", "https", "http2", "delay", "us", "peer")}
        (folder / "nginx.conf").write_text(
            NGINX.format(folder=folder, pair=pair, document=DOCUMENT, **ports)
        )
        newest = blackbox_exporter()
        plain = PLAIN.format(ca=authority.path)
        (folder / "plain.yml").write_text(plain)
        (folder / "blackbox.yml").write_text(plain + PATTERNS.format() + (CEL if newest else ""))
        resolver = stack.enter_context(name_server_process())
        nginx = ("/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", "-p", str(folder), "-e", "stderr")
        stack.enter_context(measured(*nginx, port=ports["http"], path="/"))
        delaying = (sys.executable, "-m", "benchmarks.delaying", str(ports["delay"]))
        stack.enter_context(measured(*delaying, port=ports["delay"], path="/0"))
        programs = {
            "us": ours("pillion-blackbox-exporter"),
            "peer": newest or "prometheus-blackbox-exporter",
        }
        at_rest = [
            _starts(program, f"{folder}/plain.yml", ports[name])
            for name, program in programs.items()
        ]
        us, peer = (
            stack.enter_context(_running(program, f"{folder}/blackbox.yml", ports[name]))
            for name, program in programs.items()
        )
        targets = _targets(ports, resolver, has_cel=newest is not None)
        version = BLACKBOX_EXPORTER[1].removeprefix("v") if newest else "0.23"
        rows = _rest_rows(*at_rest) + _rows(us, peer, targets, ports["delay"])
        show(f"blackbox exporter, beside blackbox_exporter {version}", rows)


def _running(program: str, file: str, port: int) -> AbstractContextManager[Measured]:
    address = f"--web.listen-address=127.0.0.1:{port}"
    return measured(program, f"--config.file={file}", address, port=port)


def _starts(program: str, file: str, port: int) -> list[tuple[float, float]]:
    """Return the seconds to the first answer, and the MB at rest, of several starts."""
    found = []
    for _ in range(STARTS):
        with _running(program, file, port) as process:
            time.sleep(1)  # what is made for the first probes is made by then
            found.append((process.first_answer, process.rss))
    return found


def _rest_rows(us: list[tuple[float, float]], peer: list[tuple[float, float]]) -> list[Row]:
    (our_firsts, our_sizes), (firsts, sizes) = zip(*us, strict=True), zip(*peer, strict=True)
    return [
        Row(
            "start to first answer, s",
            our_firsts,
            firsts,
            f"at most {GOAL_FIRST:g}",
            median(our_firsts) <= GOAL_FIRST,
        ),
        Row(
            "RSS idle, MB",
            our_sizes,
            sizes,
            f"at most {GOAL_RSS:g}",
            median(our_sizes) <= GOAL_RSS,
        ),
    ]


def _targets(ports: dict[str, int], resolver: str, *, has_cel: bool) -> dict[str, tuple[str, str]]:
    """Return module and target of each kind of probe."""
    site = f"http://127.0.0.1:{ports['http']}"
    targets = {
        "HTTP": ("http_2xx", f"{site}/"),
        "HTTPS": ("trusting", f"https://127.0.0.1:{ports['https']}/"),
        "HTTP/2": ("trusting", f"https://127.0.0.1:{ports['http2']}/"),
        "TCP": ("tcp_connect", f"127.0.0.1:{ports['http']}"),
        "DNS": ("dns_a", resolver),
        "regex": ("regex", f"{site}/status"),
    }
    return targets | ({"CEL": ("cel", f"{site}/status")} if has_cel else {})


@contextmanager
def name_server_process() -> Iterator[str]:
    """Run the tests' name server in a thread of its own; yields `host:port`."""
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(loop.run_forever)
        server = name_server()
        address = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        try:
            yield address
        finally:
            end = server.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(end, loop).result()
            loop.call_soon_threadsafe(loop.stop)
            serving.result()
            loop.close()


def _rows(
    us: Measured, peer: Measured, targets: dict[str, tuple[str, str]], delay_port: int
) -> list[Row]:
    idle = us.rss, peer.rss
    rows = _cpu_rows(us, peer, targets)
    for crowd in CROWDS:
        rows += _crowd_rows(us, peer, delay_port, crowd)
    later = us.rss, peer.rss
    return [
        *rows,
        Row("RSS idle with patterns and CEL, MB", [idle[0]], [idle[1]]),
        Row("RSS after the load, MB", [later[0]], [later[1]]),
    ]


def _cpu_rows(us: Measured, peer: Measured, targets: dict[str, tuple[str, str]]) -> list[Row]:
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
