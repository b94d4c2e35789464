"""What every form of configuration is read into first: sections of keys, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from pillion.errors import ConfigurationError

SectionKind = Literal["service", "input", "filter", "output", "parser", "multiline_parser"]
KINDS: tuple[SectionKind, ...] = (
    "service",
    "input",
    "filter",
    "output",
    "parser",
    "multiline_parser",
)
PLUGIN_KINDS: tuple[SectionKind, ...] = ("input", "filter", "output")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, and the line in it, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value, both as they were written."""

    key: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Section:
    """One section. A key may stand in it several times.

    Attributes:
        kind: what it configures.
        place: where it begins.
        entries: in the order of the file.
    """

    kind: SectionKind
    place: Place
    entries: tuple[Entry, ...] = ()

    def value(self, key: str) -> str | None:
        """Return the last value of a key, whatever its case, or None."""
        found = [entry.value for entry in self.entries if entry.key.lower() == key]
        return found[-1] if found else None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The keys in lower case with their values, in order."""
        return [(entry.key.lower(), entry.value) for entry in self.entries]

    def having(self, entry: Entry) -> Section:
        """Return the section with one more entry."""
        return replace(self, entries=(*self.entries, entry))


@dataclass(slots=True)
class Problems:
    """All that is wrong with a configuration: found one by one, told at once."""

    sentences: list[str] = field(default_factory=list)

    def add(self, place: Place, what: str, sentence: str) -> None:
        """Note `FILE:LINE: what: sentence`; `what` names the section and the key."""
        self.sentences.append(f"{place}: {what}: {sentence}" if what else f"{place}: {sentence}")

    def raise_if_any(self) -> None:
        """Raise ConfigurationError with every sentence on a line of its own."""
        if self.sentences:
            raise ConfigurationError("\n".join(self.sentences))
