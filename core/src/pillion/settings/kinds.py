"""The kinds of value that a setting can hold: text in, a typed value or ValueError out. Pure.

The message of the ValueError is the second half of a sentence that begins with the flag and
the value: it says what the value is not, and what would be right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How a value is written.

    Attributes:
        name: the placeholder in `--help`, upper case.
        parse: text to value; raises ValueError with what would be right.
        show: value to the text that `parse` takes back.
    """

    name: str
    parse: Callable[[str], T]
    show: Callable[[T], str] = str


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. An empty host is every address, IPv4 and IPv6; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)"
_DURATION = re.compile(rf"(?:{_PART})+", re.ASCII)
_SIZES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d+)\s*([kmgt]?)i?(b?)", re.ASCII | re.IGNORECASE)
_LONGEST = 100 * 365 * 86400.0


def parse_duration(text: str) -> float:
    """Return the seconds of a Go or Prometheus duration: `5s`, `1m30s`, `0.5h`, `2d`, `0`."""
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise ValueError("is not a duration; use a number and a unit, such as 5s, 500ms or 1m30s")
    seconds = sum(float(count) * _UNITS[unit] for count, unit in re.findall(_PART, text))
    if seconds > _LONGEST:
        raise ValueError("is longer than 100 years")
    return seconds


def show_duration(seconds: float) -> str:
    """Return the shortest spelling that `parse_duration` reads back: `90.0` gives `1m30s`."""
    if seconds < 1:
        return f"{seconds * 1000:g}ms" if seconds else "0s"
    parts = []
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds >= length:
            parts.append(f"{int(seconds // length)}{unit}")
            seconds %= length
    if seconds:
        parts.append(f"{seconds:g}s")
    return "".join(parts)


def parse_size(text: str) -> int:
    """Return the bytes of a size: `512`, `64k`, `5MB`, `1GiB`; each step is 1024."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError("is not a size; write bytes with a unit, such as 512, 64k, 5MB or 1GiB")
    return int(match[1]) * _SIZES[match[2].lower()]


def show_size(size: int) -> str:
    """Return the shortest spelling of a size: `1048576` gives `1MiB`."""
    for unit, step in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size and size % step == 0:
            return f"{size // step}{unit}"
    return str(size)


def parse_address(text: str) -> Address:
    """Return the address of `:9113`, `127.0.0.1:0`, `[::1]:9113` or `localhost:80`."""
    host, colon, port = text.rpartition(":")
    right = "write host:port, :port or [IPv6]:port"
    if not colon:
        raise ValueError(f"has no port; {right}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"has an IPv6 address without brackets; {right}")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):  # noqa: PLR2004
        raise ValueError(f"has the port {port!r}, which is not a number from 0 to 65535; {right}")
    if re.search(r"[\s/@\[\]]", host):
        raise ValueError(f"has no usable host; {right}")
    return Address(host, int(port))


def parse_boolean(text: str) -> bool:
    """Return the truth of `true` or `false` in the spellings that Go accepts."""
    value = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(
        text.lower()
    )
    if value is None:
        raise ValueError("is not a boolean; use true or false")
    return value


def parse_count(text: str) -> int:
    """Return a whole number from 0 up."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004
        raise ValueError("is not a count; write a whole number from 0 up")
    return int(text)


def _parse_path(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("is not a path")
    return text


def _choice(*options: str) -> Kind[str]:
    def parse(text: str) -> str:
        value = text if text in options else text.lower()  # the peers take --log.level=WARN
        if value not in options:
            raise ValueError(f"is none of {', '.join(options)}")
        return value

    return Kind("|".join(options), parse)


def positive(kind: Kind[float]) -> Kind[float]:
    """Return the kind that is `kind` without zero."""

    def parse(text: str) -> float:
        value = kind.parse(text)
        if value <= 0:
            raise ValueError("is zero; it must be more")
        return value

    return Kind(kind.name, parse, kind.show)


TEXT: Kind[str] = Kind("TEXT", str)
PATH: Kind[str] = Kind("PATH", _parse_path)
COUNT: Kind[int] = Kind("COUNT", parse_count)
DURATION: Kind[float] = Kind("DURATION", parse_duration, show_duration)
SIZE: Kind[int] = Kind("SIZE", parse_size, show_size)
ADDRESS: Kind[Address] = Kind("ADDRESS", parse_address)
BOOLEAN: Kind[bool] = Kind("BOOLEAN", parse_boolean, lambda value: str(value).lower())
CHOICE = _choice
