"""Structured logging: one line an event, as logfmt or JSON, on standard error.

A logger is passed in, never looked up. The standard library's `logging` is joined to it only
where a dependency speaks there (`Logger.adopt`).
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

LEVELS = ("debug", "info", "warn", "error")
FORMATS = ("logfmt", "json")

_PLAIN = re.compile(r"[!#-<>-\[\]-~]+")


class Logger:
    """Writes events with fields; `bind` gives one that repeats some fields on every line."""

    __slots__ = ("_bound", "_clock", "_format", "_level", "_stream")

    def __init__(
        self,
        *,
        level: str = "info",
        format: str = "logfmt",  # noqa: A002  # the word of the flag, --log.format
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._level = LEVELS.index(level)
        self._format = format
        self._stream = stream or sys.stderr
        self._clock = clock
        self._bound: dict[str, object] = {}

    def bind(self, **fields: object) -> Logger:
        """Return a logger that adds `fields` to every line."""
        bound = Logger(format=self._format, stream=self._stream, clock=self._clock)
        bound._level = self._level
        bound._bound = {**self._bound, **fields}
        return bound

    def debug(self, message: str, **fields: object) -> None:
        """Write what only someone who looks for a fault wants to see."""
        self._write(0, message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Write a change of state that is as it should be."""
        self._write(1, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write what went wrong and is being dealt with."""
        self._write(2, message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Write what went wrong and needs someone."""
        self._write(3, message, fields)

    def adopt(self) -> None:
        """Send what dependencies say through the standard library's `logging` here as well."""
        import logging  # 2.5 MB where nothing else has it yet  # noqa: PLC0415

        handlers = self.as_standard("adopted").handlers
        logging.basicConfig(handlers=handlers, level=10 * (self._level + 1), force=True)

    def as_standard(self, name: str) -> logging.Logger:
        """Return a logger of the standard library that writes here, and is part of no tree."""
        import logging  # 2.5 MB where nothing else has it yet  # noqa: PLC0415

        write = self._write

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                level = min(max(record.levelno // 10 - 1, 0), 3)
                message = record.getMessage()
                if record.exc_info and record.exc_info[1]:
                    message = f"{message}: {record.exc_info[1]!r}"
                write(level, message, {"source": record.name})

        made = logging.Logger(name, 10 * (self._level + 1))  # noqa: LOG001  # global otherwise
        made.addHandler(Handler())
        return made

    def _write(self, level: int, message: str, fields: dict[str, object]) -> None:
        if level < self._level:
            return
        line = {
            "time": _timestamp(self._clock()),
            "level": LEVELS[level],
            "msg": message,
            **self._bound,
            **fields,
        }
        text = _json(line) if self._format == "json" else _logfmt(line)
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads the log any more; that is no reason to stop the work.
            return


def _timestamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def _logfmt(line: dict[str, object]) -> str:
    return " ".join([f"{key}={_quoted(value)}" for key, value in line.items()])


def _quoted(value: object) -> str:
    text = _plain(value)
    if _PLAIN.fullmatch(text):
        return text
    return _json_text(text)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _json(line: dict[str, object]) -> str:
    import json  # 1.2 MB, and only where JSON is asked for  # noqa: PLC0415

    return json.dumps(line, default=str, ensure_ascii=False)


def _json_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'
