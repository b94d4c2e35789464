"""What logging costs nginx: CPU of its worker for a request, by where the access log goes.

The table in docs/nginx-exporter.md is of this.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.processes import free_port
from benchmarks.report import Row, progress, show

REQUESTS, PIPELINED, TURNS = 40_000, 50, 5
LOG_FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $request_length $request_time $upstream_response_time'
)
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr warn;
events {{}}
http {{
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    keepalive_requests 1000000;
    log_format signals '{log_format}';
    server {{ listen 127.0.0.1:{port}; access_log {where}; location / {{ return 200 "hello"; }} }}
}}
"""
REQUEST = b"GET /index.html HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0 (X11; Linux)\r\n\r\n"


def main() -> None:
    runs: dict[str, list[float]] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        syslog = f"syslog:server=127.0.0.1:{receiver.getsockname()[1]} signals"
        places = {
            "off": "off",
            "file, buffer=64k flush=1s": "{folder}/access.log signals buffer=64k flush=1s",
            "file, unbuffered": "{folder}/access.log signals",
            "syslog over UDP": syslog,
        }
        for turn in range(TURNS):
            progress(f"turn {turn + 1} of {TURNS}")
            for name, where in places.items():
                runs.setdefault(name, []).append(_cost(where))
    show(
        "nginx with an access log, CPU of its worker (`ours`) beside no log (`peer`)",
        [Row(f"{name}: us a request", found, runs["off"]) for name, found in runs.items()],
    )


def _cost(where: str) -> float:
    """Return microseconds of CPU for a request."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        path = Path(folder) / "nginx.conf"
        path.write_text(
            CONFIGURATION.format(
                folder=folder, port=port, log_format=LOG_FORMAT, where=where.format(folder=folder)
            )
        )
        process = subprocess.Popen(["nginx", "-c", str(path), "-p", folder])
        try:
            client = _connected(port)
            client.sendall(REQUEST)
            length = len(client.recv(65536))
            worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
            before = _cpu(worker)
            for _ in range(REQUESTS // PIPELINED):
                client.sendall(REQUEST * PIPELINED)
                missing = PIPELINED * length
                while missing:
                    missing -= len(client.recv(65536))
            return (_cpu(worker) - before) / REQUESTS * 1e6
        finally:
            process.terminate()
            process.wait()


def _connected(port: int) -> socket.socket:
    end = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except OSError:
            assert time.monotonic() < end, "nginx does not answer"
            time.sleep(0.01)


def _cpu(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3)


if __name__ == "__main__":
    main()
