"""Decoders: what `decode_field` and `decode_field_as` do to one field. Pure.

Source: "Decoders" of fluent-bit's manual: `json`, `escaped`, `escaped_utf8`, `mysql_quoted`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.parsers.parsed import Fields

    Decoder = Callable[[Fields], None]
else:
    Decoder = Any

_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ACTIONS = ("try_next", "do_next")


def make_decoder(rule: tuple[str, ...], *, in_place: bool) -> Decoder:
    """Return the decoder of `json log [do_next]`.

    Args:
        rule: the decoder's name, and the field with, it may be, an action.
        in_place: leave the result in the field; else a map adds its fields to the record.

    Raises:
        ValueError: there is no such decoder or action.
    """
    kind, rest = rule[0].lower(), rule[1].split()
    if kind not in _DECODERS:
        raise ValueError(f"has {rule[0]!r}, which is no decoder; there are {', '.join(_DECODERS)}")
    if any(word.lower() not in _ACTIONS for word in rest[1:]):
        raise ValueError(f"has {rest[1]!r}, which is no action; there are {', '.join(_ACTIONS)}")
    name, decode = rest[0], _DECODERS[kind]

    def apply(fields: Fields) -> None:
        value = fields.get(name)
        if not isinstance(value, str):
            return
        decoded = decode(value)
        if in_place or not isinstance(decoded, dict):
            fields[name] = decoded
        else:
            fields.update(decoded)

    return apply


def unescaped(text: str) -> str:
    """Return the text with JSON's escapes replaced by what they stand for."""
    if "\\" not in text:
        return text
    return (
        _ESCAPE.sub(_replacement, text)
        .encode("utf-16", "surrogatepass")
        .decode("utf-16", "replace")
    )


def _replacement(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _LETTERS.get(match[2], match[2])


def _json(text: str) -> Any:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
    return value if isinstance(value, (dict, list)) else text


def _mysql_quoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return unescaped(text[1:-1]).replace("\\'", "'") if is_quoted else text


_DECODERS: dict[str, Callable[[str], Any]] = {
    "json": _json,
    "escaped": unescaped,
    "escaped_utf8": unescaped,
    "mysql_quoted": _mysql_quoted,
}
