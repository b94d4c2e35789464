"""Relabel rules of the peer: split, whitelist, match. Pure but for the loading of RE2."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from pillion.metrics.bounded import OTHER
from pillion_nginx_exporter.access_log import fields
from pillion_nginx_exporter.access_log.columns import METHOD, REQUEST, STATUS
from pillion_nginx_exporter.access_log.label_rules import LabelRule
from pillion_nginx_exporter.nginxlog_config.schema import Match

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_nginx_exporter.nginxlog_config.schema import Relabel

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
)
"""Those of the peer."""
_MOST = 200
_UNSAFE = re.compile(r"[^\x20-\x7e\u00a0-\uffff]")
_SEVERAL = re.compile(r"\||\(\?[a-zA-Z]*m")
_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


def rules_of(relabels: Sequence[Relabel]) -> tuple[LabelRule, ...]:
    """Return the rules, and those of `method` and `status` where there are no others of them.

    Raises:
        ValueError: a pattern is none of Go's; a second half of a sentence that begins with it.
    """
    rules = {
        METHOD: LabelRule(METHOD, METHOD, _method),
        STATUS: LabelRule(STATUS, STATUS, fields.status),
    }
    own: dict[str, LabelRule] = {}
    for one in relabels:
        value = partial(_value, one, frozenset(one.whitelist), _replacements(one.matches))
        own.setdefault(
            one.target_label, LabelRule(one.target_label, one.source, value, one.only_counter)
        )
    return tuple({**rules, **own}.values())


def path_rule(rules: Sequence[tuple[str, str]]) -> LabelRule:
    """Return the rule for a label `path` of the request: pattern and replacement, the first found.

    Raises:
        ValueError: as `rules_of`.
    """
    replacements = _replacements(
        [Match(regexp=pattern, replacement=replacement) for pattern, replacement in rules]
    )

    def value(field: bytes) -> str:
        words = field.split(b" ")
        path = words[1] if len(words) > 1 else b""
        text = path.partition(b"?")[0].decode("utf-8", "replace")
        found = (replacement(text) for replacement in replacements)
        return _UNSAFE.sub("?", next((one for one in found if one is not None), OTHER)[:_MOST])

    return LabelRule("path", REQUEST, value)


def _method(text: bytes) -> str:
    decoded = text.decode("latin-1")
    return decoded if decoded in _METHODS else OTHER


def _value(
    relabel: Relabel,
    whitelist: frozenset[str],
    replacements: Sequence[Callable[[str], str | None]],
    field: bytes,
) -> str:
    text = field.decode("utf-8", "replace")
    if relabel.split > 0:
        words = text.split(relabel.separator or " ")
        text = words[relabel.split - 1] if len(words) >= relabel.split else ""
    if whitelist:
        return text if text in whitelist else OTHER
    if replacements:
        found = (replacement(text) for replacement in replacements)
        text = next((value for value in found if value is not None), "")
    return _UNSAFE.sub("?", text[:_MOST])


def _replacements(matches: Sequence[Match]) -> list[Callable[[str], str | None]]:
    if not matches:
        return []
    import re2  # 3 MB, and only where a pattern is configured  # noqa: PLC0415

    options = re2.Options()
    options.log_errors = False
    found: list[Callable[[str], str | None]] = []
    for match in matches:
        try:
            pattern = re2.compile(match.regexp, options)
        except re2.error as error:
            raise ValueError(f"match {match.regexp!r} is not a pattern of Go's: {error}") from None
        # Begins where the text does, so that it is found once at most.
        is_single = match.regexp.startswith("^") and not _SEVERAL.search(match.regexp)
        found.append(partial(_replaced, pattern, match.replacement, is_single))
    return found


def _replaced(pattern: Any, replacement: str, is_single: bool, text: str) -> str | None:  # noqa: FBT001  # given by partial
    """Return what Go's ReplaceAllString makes of a text; None where the pattern is not found."""
    found = pattern.search(text)
    if found is None:
        return None
    if is_single:
        # A search takes 5 us, `sub` 11, and most fields of a log are new ones.
        begin, end = found.span()
        return f"{text[:begin]}{_expanded(replacement, found)}{text[end:]}"
    return str(pattern.sub(lambda one: _expanded(replacement, one), text))


def _expanded(replacement: str, found: Any) -> str:
    """Return a replacement as Go's `Expand` does: `$1`, `${1}x`, `$name`, `$$`; else empty."""
    if "$" not in replacement:
        return replacement

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        try:
            return found[int(name) if name.isdigit() else name] or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(group, replacement)
