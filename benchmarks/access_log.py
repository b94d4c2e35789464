"""The nginx exporter on an access log: CPU and memory for a million lines from a file."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from benchmarks.processes import Client, free_port, measured, ours
from benchmarks.report import Row, progress, show

LINES, VARIED = 1_000_000, 50_000
GOAL_CPU, GOAL_RSS = 1.8, 48.0
WAIT = 120.0
FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $host $request_time'
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        progress(f"writing {LINES} lines")
        written = _lines(random.Random(16))
        log.write_bytes(written * (LINES // VARIED))
        port = free_port()
        command = (
            ours("pillion-nginx-exporter"),
            f"--nginx.access-log={log}",
            "--nginx.access-log.from-head",
            "--nginx.access-log.label=host",
            f"--nginx.log-format={FORMAT}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        with measured(*command, port=port, path="/-/healthy") as process:
            client = Client(port, "/metrics", "")
            end = time.monotonic() + WAIT
            while f"_access_log_delivered_bytes_total {log.stat().st_size}\n" not in (
                client.ask().decode()
            ):
                assert time.monotonic() < end, "the log was not read"
                time.sleep(0.5)
            cpu, rss = process.cpu, process.peak_rss
        lines = f"{LINES} lines of {len(written) // VARIED} bytes"
        show(
            "nginx exporter, access log",
            [
                Row(f"{lines}, CPU with start, s", [cpu], [], f"{GOAL_CPU:g}", cpu <= GOAL_CPU),
                Row("most RSS, MB", [rss], [], f"{GOAL_RSS:g}", rss <= GOAL_RSS),
            ],
        )


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
