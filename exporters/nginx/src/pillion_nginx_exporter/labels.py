"""The labels that are put on every series of nginx. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion.errors import UsageError
from pillion.settings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable


TARGET_LABEL = "addr"
REASON_LABEL = "reason"

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NEXT = re.compile(rf",(?={_NAME.pattern}=)")

Labels = tuple[tuple[str, str], ...]
"""Pairs of name and value."""


def parse_labels(text: str) -> Labels:
    """Return the pairs of `label=value`, or of `label=value,label=value`.

    The peer's 1.x takes one pair in each flag, and one on each line of the variable; its 0.x
    takes a list with commas. A comma begins the next pair where `label=` follows it, so that
    both are read, and a value may have commas of its own.

    Raises:
        ValueError: the second half of a sentence that begins with the text.
    """
    pairs = []
    for pair in _NEXT.split(text):
        name, separator, value = _split(pair)
        if not separator:
            raise ValueError("is not a label; write label=value")
        _check_name(name)
        pairs.append((name, value))
    return tuple(pairs)


def const_labels(given: Iterable[Labels], *, has_several_targets: bool) -> Labels:
    """Return the constant labels, each once; of two with one name the later counts.

    Raises:
        UsageError: one has a name that the exporter gives itself.
    """
    labels = {name: value for pairs in given for name, value in pairs}
    flag = "--prometheus.const-label"
    if has_several_targets and TARGET_LABEL in labels:
        raise UsageError(
            f"{flag}: {TARGET_LABEL!r} is the label that tells several scrape URIs apart; "
            "choose another name"
        )
    if REASON_LABEL in labels:
        raise UsageError(
            f"{flag}: {REASON_LABEL!r} is a label of nginx_exporter_scrape_errors_total; "
            "choose another name"
        )
    return tuple(labels.items())


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a label name: letters, digits and _, no digit first")
    if name.startswith("__"):
        raise ValueError(f"{name!r} is not a label name for users: __ is kept for Prometheus")


def _split(pair: str) -> tuple[str, str, str]:
    # The peer's flag library takes a colon as well: `label:value`.
    match = re.search(r"[:=]", pair)
    if match is None:
        return pair, "", ""
    return pair[: match.start()], match[0], pair[match.end() :]


def _show(labels: Labels) -> str:
    return ",".join(f"{name}={value}" for name, value in labels)


LABELS: Kind[Labels] = Kind("LABEL=VALUE", parse_labels, _show)
