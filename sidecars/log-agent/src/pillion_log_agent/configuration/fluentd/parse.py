"""fluentd's files: `<name argument>`, `key value`, `@include`. Pure.

Source: "Config File Syntax" of fluentd's documentation.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.fluentd.element import Element
from pillion_log_agent.configuration.section import Entry, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pillion_log_agent.configuration.section import Problems

    Include = Callable[[str, Place], Iterable[tuple[str, str]]]
    Expand = Callable[[str], str]

DEEPEST = 20
LONGEST_VALUE = 1000  # lines
_BEGIN = re.compile(r"<([A-Za-z_]\w*)\s*([^>]*?)\s*>\s*(?:#.*)?")
_END = re.compile(r"</([A-Za-z_]\w*)>\s*(?:#.*)?")
_COMMENT = re.compile(r"\s+#(?!\{).*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}


class Parser:
    """Reads a file and what it includes into one tree."""

    def __init__(self, problems: Problems, include: Include, expand: Expand) -> None:
        """Take where to note problems, what yields the path and text of files, and expands."""
        self._problems = problems
        self._include = include
        self._expand = expand

    def parse(self, text: str, path: str) -> Element:
        """Return the whole as an element."""
        root = Element("", "", Place(path, 1))
        self._read(text, path, [root])
        return root

    def _read(self, text: str, path: str, within: list[Element]) -> None:
        depth = len(within)
        lines = iter(enumerate(text.split("\n"), 1))
        for number, line in lines:
            self._line(line.strip(), Place(path, number), within, lines)
        for element in within[depth:]:
            self._wrong(element.place, f"<{element.name}>", "has no end")
        del within[depth:]

    def _line(
        self, line: str, place: Place, within: list[Element], lines: Iterator[tuple[int, str]]
    ) -> None:
        if not line or line.startswith("#"):
            return
        if (begin := _BEGIN.fullmatch(line)) is not None:
            element = Element(begin[1], begin[2], place)
            if len(within) > DEEPEST:
                self._wrong(place, f"<{begin[1]}>", f"is deeper than {DEEPEST} elements")
            else:
                within[-1].children.append(element)
            within.append(element)
        elif (end := _END.fullmatch(line)) is not None:
            if len(within) == 1 or within[-1].name != end[1]:
                self._wrong(place, line, f"ends no <{end[1]}>")
            else:
                within.pop()
        elif line.startswith("<"):
            self._wrong(place, line[:80], "is no element; write <name argument>")
        else:
            self._pair(line, place, within, lines)

    def _pair(
        self, line: str, place: Place, within: list[Element], lines: Iterator[tuple[int, str]]
    ) -> None:
        key, *rest = line.split(None, 1)
        try:
            value = self._value(rest[0] if rest else "", lines)
        except ValueError as error:
            self._wrong(place, key, str(error))
            return
        if key in ("@include", "include"):
            for path, text in self._include(value, place):
                self._read(text, path, within)
            return
        within[-1].pairs.append(Entry(key, value, place))

    def _value(self, text: str, lines: Iterator[tuple[int, str]]) -> str:
        """Return a value, which may go on over the next lines; raises ValueError."""
        if text[:1] in ("'", '"'):
            return self._quoted(text, lines)
        if text[:1] in ("[", "{"):
            for number, (_, line) in enumerate(_and_first(text, lines)):
                text = line if not number else f"{text}\n{line}"
                if _is_json(text):
                    return self._expand(text)
                if number > LONGEST_VALUE:
                    break
                if not number and not text.rstrip().endswith((",", "[", "{")):
                    break
        return self._expand(_COMMENT.sub("", text).rstrip())

    def _quoted(self, text: str, lines: Iterator[tuple[int, str]]) -> str:
        quote = text[0]
        pattern = re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}\s*(?:#.*)?", re.DOTALL)
        while (found := pattern.fullmatch(text)) is None:
            following = next(lines, None)
            if following is None or text.count("\n") > LONGEST_VALUE:
                raise ValueError(f"has no closing {quote}")
            text += "\n" + following[1]
        if quote == "'":
            return re.sub(r"\\(['\\])", r"\1", found[1])
        return self._expand(_ESCAPE.sub(lambda each: _ESCAPES.get(each[1], each[1]), found[1]))

    def _wrong(self, place: Place, what: str, sentence: str) -> None:
        self._problems.add(place, what, sentence)


def _and_first(text: str, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield 0, text
    yield from lines


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
