"""A process that looks for one pattern, so that it can be killed.

`re` cannot be interrupted, and what its time-outs would be in a library is looked at too seldom: a
loop over one class runs to its end first. A process can always be ended.
"""

from __future__ import annotations

import marshal
import re
import signal
import socket
import subprocess
import sys
import weakref
from contextlib import suppress

_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"
_HEAD = 4
_START_SECONDS = 1.0
_MOST_MEMORY = 512 * 1024 * 1024


class Worker:
    """The process of one pattern; it is started by the first line, and again after a kill."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._task = marshal.dumps((pattern, flags))
        self._link: socket.socket | None = None
        self._is_ready = False
        self._end: weakref.finalize[..., Worker] | None = None

    def start(self) -> bool:
        """Start the process where there is none, and wait until it is ready.

        Returns:
            whether it is the first one.

        Raises:
            OSError: it cannot be started.
        """
        is_first = self._end is None
        link = self._link or self._spawn()
        if not self._is_ready:
            link.settimeout(_START_SECONDS)
            _receive(link)
            self._is_ready = True
        return is_first

    def search(self, text: str, seconds: float) -> tuple[str | None, ...] | None:
        """Return the groups of the first match, None when there is none.

        Raises:
            TimeoutError: it took longer, or more memory than it may; the process was killed, and
                another one is on its way.
            OSError: the process has ended.
        """
        link = self._link
        if link is None:
            raise ConnectionError("the process has ended")
        link.settimeout(seconds)
        try:
            _send(link, text.encode("utf-8", "surrogatepass"))
            answer = marshal.loads(_receive(link))  # noqa: S302  # our own process wrote it
        except OSError:
            self.close()
            self._spawn()
            raise
        if answer is False:
            raise TimeoutError
        found: tuple[str | None, ...] | None = answer
        return found

    def close(self) -> None:
        """End the process."""
        self._link = None
        if self._end is not None:
            self._end()

    def _spawn(self) -> socket.socket:
        """Start the process, and wait for nothing."""
        ours, theirs = socket.socketpair()
        program = _PROGRAM.format(path=sys.path, module=__name__)
        with theirs:
            process = subprocess.Popen(  # noqa: S603  # this interpreter, this file
                [sys.executable, "-I", "-S", "-c", program],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._end = weakref.finalize(self, _end, process, ours)
        self._link, self._is_ready = ours, False
        _send(ours, self._task)
        return ours


def serve() -> None:
    """Look for the pattern that comes first in each text that comes then, until the other end."""
    import resource  # noqa: PLC0415  # in the process only

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    with socket.socket(fileno=0) as link, suppress(OSError):
        pattern, flags = marshal.loads(_receive(link))  # noqa: S302  # our parent wrote it
        search = re.compile(pattern, flags).search
        _send(link, b"")
        while True:
            text = _receive(link).decode("utf-8", "surrogatepass")
            answer: tuple[str | None, ...] | bool | None
            try:
                found = search(text)
                answer = None if found is None else (found.group(), *found.groups())
            except (MemoryError, RecursionError):
                answer = False
            _send(link, marshal.dumps(answer))


def _send(link: socket.socket, data: bytes) -> None:
    link.sendall(len(data).to_bytes(_HEAD, "big") + data)


def _receive(link: socket.socket) -> bytes:
    size = int.from_bytes(_exactly(link, _HEAD), "big")
    return _exactly(link, size)


def _exactly(link: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = link.recv(min(size - len(found), 1 << 20))
        if not part:
            raise ConnectionError("the process has ended")
        found += part
    return bytes(found)


def _end(process: subprocess.Popen[bytes], link: socket.socket) -> None:
    link.close()
    process.kill()
    process.wait()
