"""How values are written in fluent-bit's configuration: sizes, times, truth values, lists. Pure.

Source: "Unit sizes" of fluent-bit's manual, and the kinds of its plugins' properties.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion.settings import CHOICE, PATH, TEXT, Kind
from pillion_log_agent.patterns.ruby import translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.patterns.pattern import Pattern

_TRUE = ("true", "on", "yes", "1")
_FALSE = ("false", "off", "no", "0")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?", re.ASCII | re.IGNORECASE)
_STEPS = {"": 0, "k": 1, "m": 2, "g": 3}
_TIME = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|[smhd]?)", re.ASCII | re.IGNORECASE)
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PORTS = 65535
_DIGITS = 15


def _flag(text: str) -> bool:
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("is not a boolean; use on or off")


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match or len(match[1]) > _DIGITS:
        raise ValueError("is no size; write bytes with a unit, such as 512, 32k, 5MB or 1MiB")
    step = 1024 if match[3] else 1000
    return int(float(match[1]) * step ** _STEPS[match[2].lower()])


def _size_or_unlimited(text: str) -> int:
    """Return 0 for no limit, as `false` says it."""
    return 0 if text.lower() in ("false", "off", "unlimited") else _size(text)


def _time(text: str) -> float:
    match = _TIME.fullmatch(text)
    if not match or len(match[1]) > _DIGITS:
        raise ValueError("is no time; write seconds, or a number with s, m, h or d")
    return float(match[1]) * _SECONDS[match[2].lower()]


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        raise ValueError("is no whole number")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _PORTS):
        raise ValueError("is no port; write a number from 1 to 65535")
    return int(text)


def _list(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _retries(text: str) -> int | None:
    """Return how often to try again; None for ever."""
    if text.lower() in ("no_limits", "false", "off"):
        return None
    if text.lower() == "no_retries":
        return 0
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ValueError("is neither a number, no_limits nor no_retries")
    return int(text)


def words(least: int, shape: str) -> Kind[tuple[str, ...]]:
    """Return the kind of so many words, of which the last takes the rest of the line.

    A word may stand in double quotes.
    """

    def parse(text: str) -> tuple[str, ...]:
        found: list[str] = []
        rest = text.strip()
        while rest and len(found) < least - 1:
            word, rest = _word(rest)
            found.append(word)
        if rest:
            found.append(_unquoted(rest))
        if len(found) < least:
            raise ValueError(f"has too few words; write {shape}")
        return tuple(found)

    return Kind(shape, parse, " ".join)


def _word(text: str) -> tuple[str, str]:
    if text.startswith('"') and (end := text.find('"', 1)) > 0:
        return text[1:end], text[end + 1 :].strip()
    word, *rest = text.split(None, 1)
    return word, rest[0] if rest else ""


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if is_quoted else text


def choice(*options: str) -> Kind[str]:
    """Return the kind of one of a few words, whatever their case."""
    exact = CHOICE(*options)
    return Kind(exact.name, lambda text: exact.parse(text.lower()))


def _shown_time(seconds: float) -> str:
    return f"{seconds:g}s"


def _shown_retries(retries: int | None) -> str:
    return "no_limits" if retries is None else str(retries)


def _shown_list(items: tuple[str, ...]) -> str:
    return ",".join(items)


_shown_flag: Callable[[bool], str] = lambda value: "on" if value else "off"  # noqa: E731

FLAG: Kind[bool] = Kind("on|off", _flag, _shown_flag)
SIZE: Kind[int] = Kind("SIZE", _size)
SIZE_OR_UNLIMITED: Kind[int] = Kind("SIZE|false", _size_or_unlimited)
TIME: Kind[float] = Kind("TIME", _time, _shown_time)
NUMBER: Kind[int] = Kind("NUMBER", _whole)
PORT: Kind[int] = Kind("PORT", _port)
LIST: Kind[tuple[str, ...]] = Kind("LIST", _list, _shown_list)
RETRIES: Kind[int | None] = Kind("NUMBER|no_limits|no_retries", _retries, _shown_retries)
PATTERN: Kind[Pattern] = Kind("REGEX", translate, lambda pattern: pattern.source)
PAIR = words(2, "KEY VALUE")

__all__ = [
    "FLAG",
    "LIST",
    "NUMBER",
    "PAIR",
    "PATH",
    "PATTERN",
    "PORT",
    "RETRIES",
    "SIZE",
    "SIZE_OR_UNLIMITED",
    "TEXT",
    "TIME",
    "choice",
    "words",
]
