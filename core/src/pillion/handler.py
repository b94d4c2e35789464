"""A handler of Python's `logging` that hands records to an agent, by the forward protocol.

It never blocks and never raises into the application: what does not fit into its queue, or cannot
be sent before it is closed, is counted. A thread of its own sends, and waits until the agent has
acknowledged. It works with `dictConfig`::

    handlers:
      agent:
        class: pillion.handler.ForwardHandler
        address: unix:///run/pillion/forward.sock
        tag: shop.web
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import traceback
import weakref
from collections import deque
from typing import Any

import msgspec

LONGEST_TEXT = 64 * 1024
DEEPEST = 8
MOST_ITEMS = 1000
BATCH = 500
WAITS = (0.1, 5.0)
IO_SECONDS = 10.0
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {
    "message", "asctime", "taskName",
}  # fmt: skip
_encode = msgspec.msgpack.Encoder().encode


class ForwardHandler(logging.Handler):
    """Sends records to an agent.

    Attributes:
        sent: records that the agent has acknowledged.
        dropped: records that did not fit into the queue, or were left when it was closed.
        failed: records of which none could be made that can be sent.
        errors: attempts to send that failed.
    """

    def __init__(
        self,
        address: str = "127.0.0.1:24224",
        tag: str = "app",
        *,
        capacity: int = 10_000,
        close_seconds: float = 2.0,
        level: int | str = logging.NOTSET,
    ) -> None:
        """Take where the agent is; nothing is opened before the first record.

        Args:
            address: `host:port`, or `unix:///path`.
            tag: of all records.
            capacity: the most records that wait.
            close_seconds: how long `close` waits for what is in the queue.
            level: the least level.

        Raises:
            ValueError: the address is none, or the capacity is less than 1.
        """
        super().__init__(level)
        self._target = _target_of(address)
        if capacity < 1:
            raise ValueError(f"capacity: {capacity} is less than 1")
        self.sent = self.dropped = self.failed = self.errors = 0
        self._tag = tag
        self._capacity = capacity
        self._close_seconds = close_seconds
        self._queue: deque[tuple[float, dict[str, Any]]] = deque()
        self._sending: list[tuple[float, dict[str, Any]]] = []
        self._woken = threading.Event()
        self._idle = threading.Event()
        self._is_closing = False
        self._thread: threading.Thread | None = None
        _handlers.add(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record into the queue."""
        try:
            item = (record.created, fields_of(record))
        except Exception:  # noqa: BLE001  # whatever is in a record, the application goes on
            self.failed += 1
            return
        if len(self._queue) >= self._capacity or self._is_closing:
            self.dropped += 1
            return
        self._queue.append(item)
        if self._thread is None:
            self._start()
        self._woken.set()

    def flush(self) -> None:
        """Wait until all that is queued is acknowledged, for `close_seconds` at most."""
        end = time.monotonic() + self._close_seconds
        thread = self._thread
        while self._waiting and thread is not None and thread.is_alive():
            left = end - time.monotonic()
            if left <= 0:
                return
            self._idle.wait(min(left, 0.05))

    def close(self) -> None:
        """Send what is queued, for `close_seconds` at most, and count the rest as dropped."""
        if self._is_closing:
            return
        self.flush()
        self._is_closing = True
        self._woken.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.5)
        self.dropped += self._waiting
        self._queue.clear()
        self._sending = []
        super().close()

    @property
    def _waiting(self) -> int:
        return len(self._queue) + len(self._sending)

    def begin_in_child(self) -> None:
        """Begin with nothing after a fork: what was queued is the parent's, as the thread is."""
        self._queue = deque()
        self._sending = []
        self._woken = threading.Event()
        self._idle = threading.Event()
        self._thread = None

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="log-forwarder", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending, or there can be no more threads
            self._thread = None

    def _run(self) -> None:
        connection: socket.socket | None = None
        wait = WAITS[0]
        while not self._is_closing:
            if not self._waiting:
                self._idle.set()
                self._woken.wait()
                self._woken.clear()
                continue
            self._idle.clear()
            if not self._sending:
                self._sending = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            try:
                connection = connection or _connect(self._target)
                self._send(connection)
                wait = WAITS[0]
            except (OSError, ValueError, msgspec.MsgspecError):
                self.errors += 1
                if connection is not None:
                    connection.close()
                    connection = None
                self._woken.clear()
                self._woken.wait(wait)
                wait = min(wait * 2, WAITS[1])
        if connection is not None:
            connection.close()

    def _send(self, connection: socket.socket) -> None:
        chunk = os.urandom(12).hex()
        connection.sendall(message_of(self._tag, self._sending, chunk))
        answer, found = b"", None
        while found is None:
            data = connection.recv(4096)
            if not data:
                raise ConnectionResetError
            answer += data
            try:
                found = msgspec.msgpack.decode(answer)
            except msgspec.DecodeError:
                if len(answer) > 4096:  # noqa: PLR2004  # an acknowledgement has some 40 bytes
                    raise
        if not isinstance(found, dict) or found.get("ack") != chunk:
            raise ValueError("what came is no acknowledgement")
        self.sent += len(self._sending)
        self._sending = []


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields of a record: message, level, logger, exception, and its extra ones."""
    found: dict[str, Any] = {
        "message": record.getMessage()[:LONGEST_TEXT],
        "level": record.levelname,
        "logger": record.name,
        "module": record.module,
        "line": record.lineno,
        "process": record.process,
        "thread": record.threadName,
    }
    if record.exc_info and record.exc_info[0] is not None:
        kind, error, trace = record.exc_info
        text = "".join(traceback.format_exception(kind, error, trace))
        found["exception"] = {
            "type": kind.__name__,
            "message": str(error)[:LONGEST_TEXT],
            "traceback": text[-LONGEST_TEXT:],
        }
    if record.stack_info:
        found["stack"] = str(record.stack_info)[:LONGEST_TEXT]
    for key, value in record.__dict__.items():
        if key not in _STANDARD and key not in found:
            found[key] = _plain(value, 0)
    return found


def message_of(tag: str, items: list[tuple[float, dict[str, Any]]], chunk: str) -> bytes:
    """Return records as one message of the forward protocol, in Forward mode."""
    events = [[_event_time(created), record] for created, record in items]
    return _encode([tag, events, {"chunk": chunk, "size": len(events)}])


def _event_time(created: float) -> msgspec.msgpack.Ext:
    seconds = int(created)
    rest = int((created - seconds) * 1_000_000_000)
    return msgspec.msgpack.Ext(0, seconds.to_bytes(4, "big") + rest.to_bytes(4, "big"))


def _plain(value: Any, depth: int) -> Any:
    """Return a value that can be sent; what is of no plain kind becomes its text."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, str):
        return value[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    if depth < DEEPEST:
        if isinstance(value, dict):
            pairs = list(value.items())[:MOST_ITEMS]
            return {str(key): _plain(each, depth + 1) for key, each in pairs}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [_plain(each, depth + 1) for each in list(value)[:MOST_ITEMS]]
    return repr(value)[:LONGEST_TEXT].encode("utf-8", "replace").decode()


def _target_of(address: str) -> str | tuple[str, int]:
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        return path.removeprefix("//")
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004  # ports
        raise ValueError(f"{address!r} is no address; write host:port or unix:///path")
    return host.strip("[]"), int(port)


def _connect(target: str | tuple[str, int]) -> socket.socket:
    if isinstance(target, tuple):
        return socket.create_connection(target, IO_SECONDS)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(IO_SECONDS)
        made.connect(target)
    except BaseException:
        made.close()
        raise
    return made


_handlers: weakref.WeakSet[ForwardHandler] = weakref.WeakSet()


def _begin_in_child() -> None:
    """Leave what the parent has queued to the parent."""
    for handler in list(_handlers):
        handler.begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)
