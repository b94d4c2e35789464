"""A real process under test: started, asked over HTTP, stopped as a kubelet stops it."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.testing.scrape import Scrape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OK = 200
_LISTENING = re.compile(r'msg"?[=:] ?"?listening"?,? "?address"?[=:] ?"?([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    headers: Mapping[str, str]
    text: str


class Started:
    """A process that runs.

    Attributes:
        address: `host:port` of its first listening address, once it has said so.
    """

    def __init__(self, process: subprocess.Popen[str], within: float) -> None:
        self._process = process
        self._within = within
        self._lines: list[str] = []
        self._spoke = threading.Condition()
        self._ended = False
        self.address = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it has written to standard error."""
        with self._spoke:
            return "".join(self._lines)

    def wait_for_log(self, pattern: str) -> re.Match[str]:
        """Wait until its log matches; raises TimeoutError with the log when it does not."""
        with self._spoke:
            self._spoke.wait_for(
                lambda: self._ended or re.search(pattern, "".join(self._lines)), self._within
            )
            text = "".join(self._lines)
        match = re.search(pattern, text)
        if match is None:
            raise TimeoutError(f"no {pattern!r} within {self._within:g} s in its log:\n{text}")
        return match

    def get(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for a path over a connection of its own; needs httpx (`pillion[testing]`)."""
        import httpx  # in the extra `testing`, and 15 MB  # noqa: PLC0415

        # A context is given, as httpx's own would load certifi's bundle: 38 MB and 80 ms.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(verify=context, trust_env=False, timeout=self._within) as client:
            response = client.request(
                method,
                f"http://{self.address}{path}",
                headers={"Accept-Encoding": "identity", **(headers or {})},
            )
            return Answer(response.status_code, response.headers, response.text)

    def scrape(self, path: str = "/metrics") -> Scrape:
        """Ask for its metrics."""
        answer = self.get(path)
        if answer.status != _OK:
            raise AssertionError(f"{path} answered {answer.status}: {answer.text}")
        return Scrape.parse(answer.text)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """Send SIGTERM, wait for its end, and return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        status = self._process.wait(self._within)
        self._reader.join(self._within)
        return status

    def _read(self) -> None:
        stream = self._process.stderr
        if stream is None:
            raise AssertionError("a started process has its standard error in a pipe")
        for line in stream:
            with self._spoke:
                self._lines.append(line)
                if not self.address and (match := _LISTENING.search(line)):
                    self.address = _reachable(match[1])
                self._spoke.notify_all()
        with self._spoke:
            self._ended = True
            self._spoke.notify_all()


@contextmanager
def started(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    directory: str | None = None,
    listens: bool = True,
    within: float = 20.0,
) -> Iterator[Started]:
    """Start a command, wait until it listens, and stop it at the end, however the test ends.

    Args:
        command: the program and its flags; let it listen on port 0.
        environment: variables on top of this process's own.
        directory: where it runs.
        listens: whether to wait for its "listening" line.
        within: the most seconds that any wait may take.
    """
    process = subprocess.Popen(
        list(command),
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        cwd=directory,
        text=True,
        errors="replace",
    )
    running = Started(process, within)
    try:
        if listens:
            running.wait_for_log(_LISTENING.pattern)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        running.wait()
        if process.stderr is not None:
            process.stderr.close()


def _reachable(address: str) -> str:
    """Return an address that one can connect to, for one that is listened on."""
    host, _, port = address.rpartition(":")
    return f"127.0.0.1:{port}" if host in ("", "0.0.0.0", "[::]") else address  # noqa: S104
