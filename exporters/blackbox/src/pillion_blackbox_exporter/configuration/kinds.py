"""The kinds of value in a blackbox.yml that are more than text, numbers and truth values. Pure.

Each is built from what YAML gives; a ValueError says what would be right, as the second half
of a sentence that begins with the key.
"""

from __future__ import annotations

import re
from typing import Any, Protocol, cast

from pillion.settings.kinds import parse_duration

_SIZE_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:([kmgtpe])(?:i?b)?|b)", re.ASCII | re.IGNORECASE)
_SIZE = re.compile(rf"[-+]?(?:{_SIZE_PART.pattern})+", re.ASCII | re.IGNORECASE)
_SIZE_LIMIT = 2**63
_REFERENCE = re.compile(rb"\$(?:(\$)|(\w+)|\{(\w+)\})")


class Match(Protocol):
    """What a regular expression found."""

    def group(self, index: int | str = 0, /) -> bytes | None:
        """Return the bytes of a group, or None when it took no part."""
        ...


class Secret:
    """Text that is never shown; `reveal` is the one way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: object) -> None:
        if not isinstance(text, str):
            raise ValueError("must be text")  # noqa: TRY004  # msgspec words ValueErrors only
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, to be sent."""
        return self._text

    def __repr__(self) -> str:
        return "<secret>"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Duration(float):
    """Seconds; written as Go writes durations (`1m30s`, `500ms`)."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Duration:
        """Return the duration that a text stands for."""
        if isinstance(value, str):
            try:
                seconds = 0.0 if value == "0" else parse_duration(value)
            except ValueError as error:
                raise ValueError(f"{value!r} {error}") from None
            return cls(seconds)
        if value == 0:
            return cls(0)
        raise ValueError(f"must be a duration with its unit, like 5s, not {value!r}")


class Size(int):
    """Bytes; written in parts with units of 1024 (`10MB`, `1.5KiB`, `1MB512KB`). 0 is no limit."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Size:
        """Return the size that a text or number stands for."""
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(max(0, value))
        if not isinstance(value, str):
            raise ValueError(f"must be a size like 10MB, not {value!r}")  # noqa: TRY004
        text = f"{value}B" if value.lstrip("-").isdecimal() else value
        if not _SIZE.fullmatch(text):
            raise ValueError(f"{value[:80]!r} is not a size; write one such as 512B, 1.5KB or 10MB")
        size = sum(
            float(count) * 1024 ** " kmgtpe".index(unit.lower() or " ")
            for count, unit in _SIZE_PART.findall(text)
        )
        if text.startswith("-"):
            return cls(0)  # less than nothing is no limit, as the peer has it
        if size >= _SIZE_LIMIT:
            raise ValueError(f"{text[:80]!r} is 8 EiB or more")
        return cls(int(size))


class ByteText(bytes):
    """Text, or bytes that are written as `!!binary`, to be sent or compared as they are."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> ByteText:
        """Return the bytes of a text in UTF-8, or the bytes themselves."""
        if isinstance(value, str):
            return cls(value.encode())
        if isinstance(value, bytes):
            return cls(value)
        raise ValueError("must be text or !!binary")


class Pattern:
    """A regular expression in Go's dialect, through RE2: no input makes it slow.

    Attributes:
        source: as it is written.
    """

    __slots__ = ("_capturing", "_plain", "source")

    def __init__(self, source: object) -> None:
        import re2  # 2.6 MB, and only where a pattern is configured  # noqa: PLC0415

        if not isinstance(source, str):
            raise ValueError("must be a regular expression")  # noqa: TRY004
        self.source = source
        options = re2.Options()
        options.log_errors = False
        try:
            self._capturing = re2.compile(source, options)
            options.never_capture = True
            self._plain = re2.compile(source, options)
        except re2.error as error:
            reason = error.args[0]
            text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            raise ValueError(f"{source!r} is not a regular expression: {text}") from None

    def found(self, data: bytes) -> bool:
        """Whether it matches anywhere in UTF-8 bytes; holds no interpreter lock meanwhile."""
        return self._plain.search(data) is not None

    def search(self, data: bytes) -> Match | None:
        """Return the first match in UTF-8 bytes with its groups."""
        return cast("Match | None", self._capturing.search(data))

    def __repr__(self) -> str:
        return f"Pattern({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)


def valid_utf8(data: bytes) -> bytes:
    """Return bytes in which what is no UTF-8 is U+FFFD, which `.` matches, as in Go."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data


def expand(template: bytes, match: Match) -> bytes:
    """Return a template with `$1`, `${1}` and `${name}` replaced as Go's regexp does.

    A group that is not there becomes nothing, and `$$` a dollar.
    """

    def replace(reference: re.Match[bytes]) -> bytes:
        if reference[1]:
            return b"$"
        name = (reference[2] or reference[3]).decode()
        try:
            return match.group(int(name) if name.isdecimal() else name) or b""
        except (IndexError, KeyError):
            return b""

    return _REFERENCE.sub(replace, template)


def decode(kind: type, value: Any) -> Any:
    """Build a value of one of the kinds above; msgspec's `dec_hook`."""
    if kind is Pattern or kind is Secret:
        return kind(value)
    if issubclass(kind, Duration | Size | ByteText):
        return kind.parse(value)
    raise TypeError(f"{kind} is not a kind of value in a blackbox.yml")
