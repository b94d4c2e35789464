"""Processes that are measured: started, watched from outside, stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20.0


class Measured:
    """A process under measurement.

    Attributes:
        port: where it answers on 127.0.0.1.
        first_answer: seconds from its start to its first answer.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port
        self.first_answer = 0.0

    @property
    def cpu(self) -> float:
        """CPU seconds of all its threads so far (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    @property
    def rss(self) -> float:
        """Resident memory in MB."""
        return self._status("VmRSS")

    @property
    def peak_rss(self) -> float:
        """The most resident memory so far, in MB."""
        return self._status("VmHWM")

    def _status(self, key: str) -> float:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise LookupError(key)


# What Prometheus 2.42 sends with each scrape, as seen on the wire.
SCRAPE_HEADERS = (
    "User-Agent: Prometheus/2.42.0\r\n"
    "Accept: application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
    "Accept-Encoding: gzip\r\n"
    "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n"
)


class Client:
    """One kept-alive connection that asks the same thing again and again, as Prometheus does."""

    def __init__(self, port: int, path: str, headers: str = SCRAPE_HEADERS) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode()

    def ask(self) -> bytes:
        """Ask once and return the body; raises AssertionError for anything but a 200."""
        self._socket.sendall(self._request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        lower = head.lower()
        assert lower.startswith(b"http/1.1 200"), head
        if b"content-length: " in lower:
            length = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += self._receive()
        else:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._receive()
        return body

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        assert data, "the connection was closed"
        return data


@contextmanager
def measured(*command: str, port: int, path: str = "/metrics") -> Iterator[Measured]:
    """Start a command that answers on a port, wait for its first answer, stop it at the end."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment())
        running = Measured(process, port)
        try:
            _wait_for_answer(process, port, path, began)
            running.first_answer = time.monotonic() - began
            yield running
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _environment() -> dict[str, str]:
    """Return the environment without a choice of certificates, as a container has none."""
    chosen = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: value for name, value in os.environ.items() if name not in chosen}


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, path: str, began: float) -> None:
    while True:
        assert process.poll() is None, f"{process.args!r} has ended"
        assert time.monotonic() - began < PATIENCE, f"{process.args!r} does not answer"
        try:
            client = Client(port, path)
        except OSError:
            time.sleep(0.002)
            continue
        client.ask()
        client.close()
        return


def ours(name: str) -> str:
    """Return the path of one of our commands, beside the interpreter that runs this."""
    return str(Path(sys.executable).parent / name)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
