"""A real Prometheus, and promtool, for tests."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus that runs."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an instant query."""
        path = f"/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        result: list[dict[str, Any]] = json.loads(self._get(path))["data"]["result"]
        return result

    def wait_for(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of a query once there are any."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            if found := self.query(expression):
                return found
            time.sleep(0.1)
        raise TimeoutError(f"{expression} has no result; targets: {self._get('/api/v1/targets')}")

    def wait_for_targets(
        self, look: Callable[[list[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]]:
        """Return the active targets once they are as wanted."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            active: list[dict[str, Any]] = json.loads(self._get("/api/v1/targets"))["data"][
                "activeTargets"
            ]
            if look(active):
                return active
            time.sleep(0.1)
        raise TimeoutError(f"targets: {self._get('/api/v1/targets')}")

    def metadata(self, metric: str) -> list[dict[str, Any]]:
        """Return what Prometheus has learnt of a metric: its type and help."""
        found: dict[str, list[dict[str, Any]]] = json.loads(
            self._get(f"/api/v1/metadata?metric={metric}")
        )["data"]
        return found.get(metric, [])

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
            return text


@contextmanager
def prometheus(folder: Path, configuration: str) -> Iterator[Prometheus]:
    """Start Prometheus with a configuration; wait until it is ready."""
    path = folder / "prometheus.yml"
    path.write_text(configuration)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [
        "prometheus",
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command)
    running = Prometheus(f"http://127.0.0.1:{port}")
    try:
        _wait_until_ready(running.url, process)
        yield running
    finally:
        process.terminate()
        process.wait(PATIENCE)


def check_metrics(text: str) -> list[str]:
    """Return what `promtool check metrics` complains of, a line each."""
    ran = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    return [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]


def is_here() -> bool:
    """Whether Prometheus and promtool are on this machine."""
    return bool(shutil.which("prometheus") and shutil.which("promtool"))


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, "Prometheus has ended"
        assert time.monotonic() < give_up, "Prometheus is not ready"
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.05)
