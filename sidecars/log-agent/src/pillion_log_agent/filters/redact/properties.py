"""The properties of the filter `redact`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.kinds import LIST, PATH, TEXT, choice
from pillion_log_agent.filters.redact.finding import DETECTORS
from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.records.accessor import Accessor, parse_accessor

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """A detector that you define.

    Attributes:
        name: in the mask and in metrics.
        pattern: its first group is all that it finds.
        source: as it was written.
    """

    name: str
    pattern: Pattern
    source: str


def _own(text: str) -> OwnPattern:
    name, *rest = text.split(None, 1)
    if not rest:
        raise ValueError("has no pattern; write NAME REGEX")
    if not _NAME.fullmatch(name):
        raise ValueError(f"has the name {name!r}; a name has small letters, digits and _")
    if name in DETECTORS:
        raise ValueError(f"has the name {name}, which is that of a detector; take another")
    translate(rest[0])
    return OwnPattern(name, translate(f"(?<found>{_bare(rest[0])})"), rest[0])


def _bare(source: str) -> str:
    """Return a pattern without the slashes around it."""
    is_between = len(source) > 1 and source[0] == source[-1] == "/"
    return source[1:-1] if is_between else source


def _detectors(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.lower() for name in LIST.parse(text)))
    if names == ("all",):
        return DETECTORS
    if names == ("none",):
        return ()
    if unknown := [name for name in names if name not in DETECTORS]:
        raise ValueError(f"has {unknown[0]!r}; there are {', '.join(DETECTORS)}, or all or none")
    return names


OWN: Kind[OwnPattern] = Kind("NAME REGEX", _own, lambda own: f"{own.name} {own.source}")
NAMES: Kind[tuple[str, ...]] = Kind("LIST", _detectors, ",".join)
FIELDS: Kind[tuple[Accessor, ...]] = Kind(
    "LIST",
    lambda text: tuple(parse_accessor(each) for each in LIST.parse(text)),
    lambda fields: ",".join(each.source for each in fields),
)


@dataclass(frozen=True, slots=True)
class RedactProperties:
    """The properties of `redact`."""

    detect: tuple[str, ...] = setting(
        "detect",
        NAMES,
        f"What to look for: some of {', '.join(DETECTORS)}, or all, or none.",
        default=DETECTORS,
    )
    pattern: tuple[OwnPattern, ...] = repeated(
        "pattern", OWN, "A detector that you define: its name, and what it finds."
    )
    keep: tuple[Accessor, ...] = setting(
        "keep",
        FIELDS,
        "Fields that are left as they are, with all in them.",
        default=(parse_accessor("kubernetes"),),
    )
    search: tuple[Accessor, ...] = setting(
        "search", FIELDS, "Look into these fields only; into all if not given.", default=()
    )
    action: str = setting(
        "action",
        choice("mask", "hash", "remove"),
        "What becomes of what is found: the mask; the mask with a keyed hash (HMAC-SHA256), the "
        "same for the same text; nothing.",
        default="mask",
    )
    mask: str = setting(
        "mask", TEXT, "What is put in its place; %s is the detector.", default="[%s]"
    )
    hash_key: str | None = optional(
        "hash_key", TEXT, "The key of the hash; take it from the environment by ${NAME}."
    )
    hash_key_file: str | None = optional(
        "hash_key_file", PATH, "A file with the key, such as a mounted secret."
    )
