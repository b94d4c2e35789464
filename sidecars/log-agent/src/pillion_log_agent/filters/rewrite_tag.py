"""The filter `rewrite_tag`: hands records on under another tag, from the first filter on.

Source: fluent-bit's manual, "Rewrite tag".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pillion.settings import Kind, optional, repeated
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, SIZE, TEXT, words
from pillion_log_agent.filters.filter import Retagged
from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.accessor import TagPart, parse_accessor

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.patterns.pattern import Found, Pattern
    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

LONGEST_TAG = 4096
_INSIDE = re.compile(r"\$TAG\[(\d+)\]|(\$TAG)|\$(\d+)|(\$\w+(?:\['[^']*'\]|\[\d+\])*)")
_WORDS = words(4, "$FIELD REGEX TAG KEEP")


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of the match; 0 is all of it."""

    number: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        field: where the text is.
        pattern: what it has to match.
        parts: of which the new tag is made.
        keep: whether the record goes on under its old tag too.
    """

    field: Accessor
    pattern: Pattern
    parts: tuple[str | Accessor | TagPart | _Group, ...]
    keep: bool

    def tag(self, record: Record, old: str) -> str | None:
        """Return the new tag of a record, None where the rule does not fit."""
        value = self.field.find(record)
        match = self.pattern.search(value) if isinstance(value, str) else None
        if match is None:
            return None
        made: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                made.append(part)
            elif isinstance(part, _Group):
                made.append(_group(match, part.number))
            elif isinstance(part, TagPart):
                made.append(part.of(old) or "")
            else:
                found = part.find(record)
                made.append("" if found is None else str(found))
        return "".join(made)[:LONGEST_TAG] or None


def _group(match: Found, number: int) -> str:
    try:
        return match[number] or ""
    except IndexError:
        return ""


def _parts(text: str) -> tuple[str | Accessor | TagPart | _Group, ...]:
    parts: list[str | Accessor | TagPart | _Group] = []
    position = 0
    for match in _INSIDE.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        number, tag, group, field = match.groups()
        if number is not None:
            parts.append(TagPart(int(number)))
        elif group is not None:
            parts.append(_Group(int(group)))
        else:
            parts.append(parse_accessor(field) if tag is None else TagPart(None))
    return tuple(part for part in (*parts, text[position:]) if part != "")


def _rule(text: str) -> Rule:
    field, pattern, tag, keep = _WORDS.parse(text)
    if not field.startswith("$"):
        raise ValueError(f"has the field {field!r}; write ${field}")
    return Rule(parse_accessor(field), translate(pattern), _parts(tag), FLAG.parse(keep))


RULE: Kind[Rule] = Kind("$FIELD REGEX TAG KEEP", _rule)


@dataclass(frozen=True, slots=True)
class RewriteTagProperties:
    """The properties of `rewrite_tag`."""

    rule: tuple[Rule, ...] = repeated(
        "rule",
        RULE,
        "A field, its pattern, the new tag, and whether the record goes on under the old tag too. "
        "In the tag $TAG, $TAG[n], $n (a group of the pattern) and $field are filled in. The "
        "first rule that fits is taken.",
    )
    emitter_name: str | None = optional(
        "emitter_name", TEXT, "What its records came through, as far as endless loops go."
    )
    emitter_mem_buf_limit: int | None = optional(
        "emitter_mem_buf_limit",
        SIZE,
        "Counts with its input: what is handed on is in flight there.",
    )


class RewriteTagFilter:
    """Hands records on under another tag.

    What it has handed on passes it untouched when it comes again, so there is no endless loop.
    """

    def __init__(self, properties: RewriteTagProperties, context: FilterContext) -> None:
        self._rules = properties.rule
        self._name = properties.emitter_name or context.name

    def retag(self, batch: Batch) -> Retagged:
        """Return what goes on here, and what begins anew under another tag."""
        if self._name in batch.origin.emitters:
            return Retagged(batch, [], 0)
        kept: list[int] = []
        moved: dict[str, list[int]] = {}
        copies = 0
        for index, record in enumerate(batch.records()):
            tag, keep = self._new_tag(record, batch.tag)
            if tag is None or keep:
                kept.append(index)
            if tag is not None:
                moved.setdefault(tag, []).append(index)
                copies += keep
        if not moved:
            return Retagged(batch, [], 0)
        made = []
        for tag, indices in moved.items():
            part = batch.select(indices)
            part.tag = tag
            origin = batch.origin
            # A copy is another record: under an id of its own.
            part.origin = replace(
                origin,
                identity=f"{origin.identity}>{self._name}",
                emitters=(*origin.emitters, self._name),
            )
            part.seal()
            made.append(part)
        rest = batch if len(kept) == len(batch) else batch.select(kept)
        return Retagged(rest, made, copies)

    def _new_tag(self, record: Record, old: str) -> tuple[str | None, bool]:
        for rule in self._rules:
            tag = rule.tag(record, old)
            if tag is not None:
                return tag, rule.keep
        return None, False


REWRITE_TAG = Declaration(
    name="rewrite_tag",
    summary="Hands records on under another tag.",
    properties=RewriteTagProperties,
    accepted={"emitter_storage.type": "the log file is the buffer"},
    required=("rule",),
    build=RewriteTagFilter,
)
