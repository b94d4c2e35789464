"""Tags: how an input makes them from paths, and which ones a `match` meets. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern

_PLACEHOLDER = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True, slots=True)
class Match:
    """Which tags a filter or output meets: `*` in `match` stands for any text.

    Attributes:
        match: `*` in it stands for any text.
        match_regex: the same as a pattern, and comes before it.
        others: further patterns, each of which has to meet the tag.
        none_of: patterns of which none may meet it.
        inputs: the names of the inputs whose records go there; empty for all.
    """

    match: str | None
    match_regex: Pattern | None = None
    others: tuple[Pattern, ...] = ()
    none_of: tuple[Pattern, ...] = ()
    inputs: tuple[str, ...] = ()

    def meets(self, tag: str, source: str | None = None) -> bool:
        """Whether records with this tag go there, of an input where one is named."""
        if self.inputs and source is not None and source not in self.inputs:
            return False
        if not all(each.search(tag) for each in self.others):
            return False
        return not any(each.search(tag) for each in self.none_of) and self._meets(tag)

    def _meets(self, tag: str) -> bool:
        if self.match_regex is not None:
            return self.match_regex.search(tag) is not None
        return self.match is not None and meets_wildcard(self.match, tag)

    def __str__(self) -> str:
        return self.match or (f"/{self.match_regex.source}/" if self.match_regex else "")


def expand_tag(tag: str, path: str, pattern: Pattern | None) -> str:
    """Return the tag of a file: its `*` or its `<name>` filled in from the path.

    With a pattern (`tag_regex`) each `<name>` is what its group caught, and a path that it does
    not match leaves the tag as it is written. `*` is the path with dots for slashes.
    """
    if pattern is not None:
        found = pattern.captured(path)
        if found is None:
            return tag
        return _PLACEHOLDER.sub(lambda name: found.get(name[1], name[0]), tag)
    if "*" in tag:
        return tag.replace("*", path.lstrip("/").replace("/", "."))
    return tag


def meets_wildcard(match: str, text: str) -> bool:
    """Return whether a text is of a shape in which `*` stands for any text, in linear time."""
    first, *rest = match.split("*")
    if not rest:
        return text == match
    *middle, last = rest
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(text) - at >= len(last) and text.endswith(last)
