"""fluent-bit's classic files: indented keys below `[SECTION]`, `@INCLUDE`, `@SET`. Pure.

Source: the "classic mode" chapters of fluent-bit's manual: format and schema, variables,
commands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pillion.errors import nearest
from pillion_log_agent.configuration.section import KINDS, Entry, Place, Problems, Section

LINE_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Include:
    """`@INCLUDE path`: the sections of another file, or of those that a glob matches."""

    pattern: str
    place: Place


@dataclass(frozen=True, slots=True)
class Assignment:
    """`@SET name=value`: gives `${name}` a value from here on."""

    name: str
    value: str
    place: Place


Item = Section | Include | Assignment


@dataclass(slots=True)
class _Reading:
    """One file as far as it has been read."""

    path: str
    problems: Problems
    items: list[Item] = field(default_factory=list)
    indent: str = ""
    section: Section | None = None
    entries: list[Entry] = field(default_factory=list)
    is_skipping: bool = False

    def end_section(self) -> None:
        if self.section is not None:
            self.items.append(replace(self.section, entries=tuple(self.entries)))
            self.section = None
            self.entries.clear()


def parse_classic(text: str, path: str, problems: Problems) -> list[Item]:
    """Return the sections, includes and assignments of one file, in order.

    What is wrong is noted in `problems`, and reading goes on behind it.
    """
    reading = _Reading(path, problems)
    lines = text.split("\n")
    if len(lines) > LINE_LIMIT:
        problems.add(Place(path, LINE_LIMIT + 1), "", f"the file has more than {LINE_LIMIT} lines")
        return []
    for number, line in enumerate(lines, 1):
        _read_line(reading, line.rstrip(), Place(path, number))
    reading.end_section()
    return reading.items


def _read_line(reading: _Reading, line: str, place: Place) -> None:
    stripped = line.lstrip(" \t")
    if not stripped or stripped.startswith("#"):
        return
    if stripped != line:
        _read_key(reading, line, stripped, place)
    elif line.startswith("["):
        _begin_section(reading, line, place)
    elif line.startswith("@"):
        _command(reading, line, place)
    else:
        reading.problems.add(
            place,
            "",
            f"{line.split(maxsplit=1)[0][:80]!r} is not indented; the keys of a section are",
        )


def _begin_section(reading: _Reading, line: str, place: Place) -> None:
    reading.end_section()
    name, closed, _rest = line[1:].partition("]")
    reading.is_skipping = True
    if not closed:
        reading.problems.add(place, "", f"{line[:80]!r} has no closing bracket")
        return
    word = name.strip().lower()
    kind = next((kind for kind in KINDS if kind == word), None)
    if kind is None:
        known = ", ".join(f"[{each.upper()}]" for each in KINDS)
        hint = nearest(word, list(KINDS))
        meant = f"; did you mean [{hint.upper()}]?" if hint else ""
        reading.problems.add(
            place, f"[{name[:80]}]", f"there is no such section{meant} (there are {known})"
        )
        return
    reading.is_skipping = False
    reading.section = Section(kind, place)


def _read_key(reading: _Reading, line: str, stripped: str, place: Place) -> None:
    indent = line[: len(line) - len(stripped)]
    if not reading.indent:
        reading.indent = indent
    if indent != reading.indent:
        reading.problems.add(
            place,
            stripped.split(maxsplit=1)[0],
            "is indented otherwise than the first key of the file"
            + (
                ", with tabs for spaces or spaces for tabs"
                if "\t" in indent + reading.indent
                else ""
            ),
        )
    if reading.is_skipping:
        return
    key, *rest = stripped.split(None, 1)
    if reading.section is None:
        reading.problems.add(place, key, "stands before the first section")
        return
    reading.entries.append(Entry(key, rest[0] if rest else "", place))


def _command(reading: _Reading, line: str, place: Place) -> None:
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word.upper() == "@INCLUDE" and rest:
        reading.end_section()
        reading.items.append(Include(rest, place))
        return
    if word.upper() == "@SET" and "=" in rest:
        name, _, value = rest.partition("=")
        reading.items.append(Assignment(name.strip(), value.strip(), place))
        return
    reading.problems.add(place, word, "is no command; there are @INCLUDE file and @SET name=value")
