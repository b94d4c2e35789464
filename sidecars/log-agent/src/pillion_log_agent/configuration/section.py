"""What every form of configuration is read into first: sections of keys, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from pillion_log_agent.configuration.condition import Condition

SectionKind = Literal[
    "service", "input", "filter", "output", "parser", "multiline_parser", "processor"
]
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
        processors: what its records meet first, for an input, or last, for an output.
        condition: of a processor, which records it meets.
    """

    kind: SectionKind
    place: Place
    entries: tuple[Entry, ...] = ()
    processors: tuple[Section, ...] = ()
    condition: Condition | None = None

    def value(self, key: str) -> str | None:
        """Return the last value of a key, whatever its case, or None."""
        found = [entry.value for entry in self.entries if entry.key.lower() == key]
        return found[-1] if found else None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The keys in lower case with their values, in order."""
        return [(entry.key.lower(), entry.value) for entry in self.entries]


PROBLEM_LIMIT = 100
_WHAT_LENGTH, _SENTENCE_LENGTH = 200, 1000


@dataclass(slots=True)
class Problems:
    """All that is wrong with a configuration: found one by one, told at once.

    Attributes:
        sentences: the first hundred.
        further: how many there are beside them.
    """

    sentences: list[str] = field(default_factory=list)
    further: int = 0

    def add(self, place: Place, what: str, sentence: str) -> None:
        """Note `FILE:LINE: what: sentence`; `what` names the section and the key."""
        sentence = sentence[:_SENTENCE_LENGTH]
        self.note(f"{place}: {what[:_WHAT_LENGTH]}: {sentence}" if what else f"{place}: {sentence}")

    def note(self, sentence: str) -> None:
        """Note a whole sentence."""
        if self.is_full:
            self.further += 1
        else:
            self.sentences.append(sentence)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.sentences) + self.further

    @property
    def is_full(self) -> bool:
        """Whether further ones are only counted, and need no pains taken over their words."""
        return len(self.sentences) >= PROBLEM_LIMIT

    def raise_if_any(self) -> None:
        """Raise ConfigurationError with every sentence on a line of its own."""
        if self.sentences:
            more = [f"and {self.further} more"] if self.further else []
            raise ConfigurationError("\n".join([*self.sentences, *more]))
