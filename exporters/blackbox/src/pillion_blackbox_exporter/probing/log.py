"""The log of one probe: kept for `/logs` and `debug=true`, and passed on from a level up."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from pillion.log import LEVELS, Logger
from pillion.masking import masked_target, secrets_of_target
from pillion_blackbox_exporter.configuration.secrets import masked

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_LIMIT = 500
FIELD_LIMIT = 1000

_METHODS = ("debug", "info", "warning", "error")

Line = tuple[float, int, str, dict[str, object]]


class ProbeLog:
    """Takes a probe's lines; bounded in number and in the length of each field."""

    __slots__ = ("_clock", "_forward", "_hides", "_level", "_name", "_secrets", "_target", "lines")

    def __init__(
        self,
        forward: Logger,
        level: str = "info",
        secrets: tuple[str, ...] = (),
        target: str = "",
        clock: Callable[[], float] = time.time,
        *,
        name: str = "",
    ) -> None:
        """Pass lines of `level` and above on to a logger, with the module's name and the target.

        The module's secrets are masked in them, and those of the target.
        """
        self._forward = forward
        self._level = LEVELS.index(level)
        self._clock = clock
        self._name = name
        self._target = (target, masked_target(target))
        self._secrets = secrets
        if self._target[0] != self._target[1]:
            found = {*secrets, *secrets_of_target(target)}
            found |= {repr(each)[1:-1] for each in found}  # as sentences quote them
            self._secrets = tuple(sorted(found, key=len, reverse=True))
        self._hides = bool(self._secrets) or self._target[0] != self._target[1]
        self.lines: list[Line] = []

    def debug(self, message: str, **fields: object) -> None:
        """Write a step."""
        self._write(0, message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Write what is worth knowing."""
        self._write(1, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write what is odd but not the end of the probe."""
        self._write(2, message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Write why the probe fails."""
        self._write(3, message, fields)

    def masked(self, text: str) -> str:
        """Return a text without the secrets of module and target."""
        if not self._hides:
            return text
        whole, shown = self._target
        if whole != shown and whole in text:
            text = text.replace(whole, shown)
        return masked(text, self._secrets)

    def text(self) -> str:
        """Return the lines as logfmt."""
        stream = io.StringIO()
        for moment, level, message, fields in self.lines:
            log = Logger(level="debug", stream=stream, clock=lambda moment=moment: moment)  # type: ignore[misc]  # mypy: default in a lambda
            getattr(log, _METHODS[level])(message, **fields)
        return stream.getvalue()

    def _write(self, level: int, message: str, fields: dict[str, object]) -> None:
        if self._hides:
            message = self.masked(message)
        for key, value in fields.items():
            if isinstance(value, str) and (self._hides or len(value) > FIELD_LIMIT):
                fields[key] = self.masked(value)[:FIELD_LIMIT]
        if len(self.lines) < LINE_LIMIT:
            self.lines.append((self._clock(), level, message, fields))
        if level >= self._level:
            of = {"module": self._name, "target": self._target[1]} if self._name else {}
            getattr(self._forward, _METHODS[level])(message, **(of | fields))
