"""A sink of bulk requests, in a process of its own; see `bulk_sink_process` for what it can do."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


class Sink:
    """A sink that runs.

    Attributes:
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, process: subprocess.Popen[str], port: int, control: int) -> None:
        self.process = process
        self.port = port
        self._control = control

    def fail(self, *faults: dict[str, Any]) -> None:
        """Give the next bulk requests their faults."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._control}/_faults", json.dumps(faults).encode(), method="PUT"
        )
        urllib.request.urlopen(request, timeout=10).close()

    def counts(self) -> dict[str, int]:
        """Return how many records and requests it has taken."""
        found: dict[str, int] = json.loads(self._get("/_counts"))
        return found

    def times(self) -> list[float]:
        """Return when each bulk request came, by `time.monotonic`."""
        found: list[float] = json.loads(self._get("/_times"))
        return found

    def documents(self) -> list[dict[str, Any]]:
        """Return the documents: `_index`, `_id` and `_source`."""
        return [json.loads(line) for line in self._get("/_documents").splitlines()]

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self._control}{path}", timeout=10
        ) as answer:
            data: bytes = answer.read()
        return data


@contextmanager
def bulk_sink(*, counts_only: bool = False, port: int = 0) -> Iterator[Sink]:
    """Run a sink in a process of its own; end it at the end."""
    command = [sys.executable, "-m", "tests.servers.bulk_sink_process", str(port)]
    command += ["counts"] * counts_only
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        ports = process.stdout.readline().split()
        yield Sink(process, *map(int, ports))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
