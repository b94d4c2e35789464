"""The nginx exporter on access logs: a million lines of text, of JSON, with strays, and as syslog.

The peer is prometheus-nginxlog-exporter, where PILLION_NGINXLOG_EXPORTER names its program.
"""

from __future__ import annotations

import os
import random
import re
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import Client, free_port, measured, ours
from benchmarks.report import Row, progress, show

if TYPE_CHECKING:
    from collections.abc import Callable

LINES, VARIED = 1_000_000, 50_000
GOAL_CPU, GOAL_JSON, GOAL_RSS = 1.8, 2.5, 48.0
DATAGRAMS, RATES = 120_000, (10_000, 60_000)
GOAL_DATAGRAM = 7.0
WAIT = 120.0
FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $host $request_time'
)
COUNT = "nginx_http_response_count_total{"
PEER = os.environ.get("PILLION_NGINXLOG_EXPORTER", "")


def main() -> None:
    written = _lines(random.Random(16)) * (LINES // VARIED)
    strays = re.sub(rb"(?m)^10[.][0-4][.].*$", b"a stray line that fits no format", written)
    size = f"{LINES} lines of {len(written) // LINES} bytes"
    rows = [
        _file(f"{size}, CPU with start, s", written, FORMAT, GOAL_CPU, peer=PEER),
        _file("the same, 2 % of them strays", strays, FORMAT, None),
        _file("the same as JSON", _as_json(written), "json", GOAL_JSON, peer=PEER),
    ]
    found = [row for pair in rows for row in pair]
    for rate in RATES:
        found += _datagrams(written.splitlines()[:VARIED], rate)
    show("nginx exporter, access log", found)


def _file(
    what: str, written: bytes, log_format: str, goal: float | None, *, peer: str = ""
) -> tuple[Row, ...]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        log.write_bytes(written)
        progress(what)
        port = free_port()
        command = (
            ours("pillion-nginx-exporter"),
            f"--nginx.access-log={log}",
            "--nginx.access-log.from-head",
            "--nginx.access-log.label=host",
            f"--nginx.log-format={log_format}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        with measured(*command, port=port, path="/-/healthy") as process:
            end = f"_access_log_delivered_bytes_total {len(written)}\n"
            _wait(port, lambda text: end in text)
            cpu, rss = process.cpu, process.peak_rss
        peers = _peer(peer, log, log_format, LINES) if peer else ()
        return (
            Row(
                what,
                [cpu],
                peers[:1],
                f"{goal:g}" if goal else "",
                cpu <= goal if goal else None,
            ),
            Row("most RSS, MB", [rss], peers[1:], f"{GOAL_RSS:g}", rss <= GOAL_RSS),
        )


def _peer(program: str, log: Path, log_format: str, lines: int) -> tuple[float, ...]:
    """Return its CPU seconds and most RSS; it reads from its head what comes after its start."""
    port, coming = free_port(), log.with_name("coming.log")
    kind = ("-parser=json",) if log_format == "json" else (f"-format={log_format}",)
    command = (program, f"-listen-port={port}", "-listen-address=127.0.0.1", *kind, str(coming))
    with measured(*command, port=port) as process:
        log.rename(coming)
        _wait(port, lambda text: _counted(text) >= lines)
        return process.cpu, process.peak_rss


def _datagrams(lines: list[bytes], rate: int) -> tuple[Row, ...]:
    """Send lines as syslog at a rate, and return the CPU of each beside an idle process."""
    progress(f"syslog, {rate} datagrams a second")
    port, syslog = free_port(), free_port()
    header = b"<190>Nov 24 15:27:44 web nginx: "
    datagrams = [header + line for line in lines]
    command = (
        ours("pillion-nginx-exporter"),
        f"--nginx.access-syslog=127.0.0.1:{syslog}",
        "--nginx.access-log.label=host",
        f"--nginx.log-format={FORMAT}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (
        measured(*command, port=port, path="/-/healthy") as process,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.connect(("127.0.0.1", syslog))
        before, began = process.cpu, time.monotonic()
        for number in range(DATAGRAMS):
            if number % 64 == 0:
                ahead = number / rate - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
            sender.send(datagrams[number % len(datagrams)])
        took = time.monotonic() - began
        name = "nginx_exporter_access_syslog_received_total"
        received = -1
        while (found := _value(_metrics(port), name)) != received and found < DATAGRAMS:
            received = found
            time.sleep(0.5)
        cpu = (process.cpu - before) / DATAGRAMS * 1e6
        lost = float(DATAGRAMS - _value(_metrics(port), name))
    what = f"syslog, {DATAGRAMS / took:.0f} a second"
    return (
        Row(f"{what}: CPU a line, us", [cpu], [], f"{GOAL_DATAGRAM:g}", cpu <= GOAL_DATAGRAM),
        Row("lost", [lost], [], "0", lost == 0),
    )


def _wait(port: int, is_done: Callable[[str], bool]) -> None:
    end = time.monotonic() + WAIT
    while not is_done(_metrics(port)):
        assert time.monotonic() < end, "the log was not read"
        time.sleep(0.5)


def _metrics(port: int) -> str:
    client = Client(port, "/metrics", "")
    try:
        return client.ask().decode()
    finally:
        client.close()


def _counted(text: str) -> float:
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(COUNT))


def _value(text: str, name: str) -> int:
    return next(int(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def _as_json(written: bytes) -> bytes:
    """Return the lines as objects of nginx' variables, the times as numbers."""
    keys = "remote_addr remote_user time_local request status body_bytes_sent http_referer"
    names = [*keys.split(), "http_user_agent", "host"]
    pattern = re.compile(
        r'^(.*?) - (.*?) \[(.*?)\] "(.*?)" (.*?) (.*?) "(.*?)" "(.*?)" (.*?) (.*)$', re.MULTILINE
    )
    fields = ",".join(f'"{name}":"\\{at}"' for at, name in enumerate(names, 1))
    once = written[: len(written) // (LINES // VARIED)].decode()
    return pattern.sub(f'{{{fields},"request_time":\\g<10>}}', once).encode() * (LINES // VARIED)


def _lines(chance: random.Random) -> bytes:
    return "".join(
        f"10.{chance.randrange(256)}.{chance.randrange(256)}.7 - - [24/Nov/2026:15:27:44 +0000] "
        f'"{chance.choice(["GET"] * 8 + ["POST", "PUT"])} /api/v1/items/{chance.randrange(10**6)} '
        f'HTTP/1.1" {chance.choice(["200"] * 8 + ["404", "500"])} {chance.randrange(50_000)} '
        f'"https://example.com/{"p" * chance.randrange(60)}" "Mozilla/5.0 (X11; Linux x86_64) '
        f'{"Gecko " * 9}" shop{chance.randrange(5)}.example.com {chance.expovariate(10):.3f}\n'
        for _ in range(VARIED)
    ).encode()


if __name__ == "__main__":
    main()
