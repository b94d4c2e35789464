"""Plain data into msgspec structs, with msgspec's complaints as our sentences.

A struct that is read this way says `forbid_unknown_fields=True`, so that no key is ever
ignored; fields are renamed there where the file's spelling is no Python name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import msgspec

from pillion.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.configuration.document import Document, KeyPath
    from pillion.errors import ConfigurationError

T = TypeVar("T")

_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$?(?P<path>.*)`)?", re.DOTALL)
_PART = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_TRUTHS = {"y": True, "yes": True, "on": True, "n": False, "no": False, "off": False}
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


class WrongKeyError(ValueError):
    """Raised by the `__post_init__` of a struct that knows which of its keys is wrong.

    A plain ValueError is told of the struct as a whole.

    Attributes:
        key: as the file spells it.
    """

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


def convert(
    document: Document,
    kind: type[T],
    *,
    at: KeyPath = (),
    dec_hook: Callable[[type, Any], Any] | None = None,
) -> T:
    """Return the part of a document at a key path as a value of `kind`.

    Args:
        document: where it stands.
        kind: a msgspec.Struct, or anything that msgspec converts to.
        at: the key path of the part; the whole document when empty.
        dec_hook: turns plain data into a type that msgspec does not know. The text of a
            ValueError that it raises becomes the sentence of the error.

    Raises:
        ConfigurationError: with file, line and key.
    """
    data = _at(document.data, at)
    while True:
        try:
            return msgspec.convert(data, kind, dec_hook=dec_hook)
        except msgspec.ValidationError as error:
            if (patched := _with_truth(data, str(error))) is not None:
                data = patched
                continue
            key = (error.__cause__.key,) if isinstance(error.__cause__, WrongKeyError) else ()
            raise _translated(document, kind, at, str(error), key) from None


def convert_mapping(
    document: Document,
    kind: type[T],
    *,
    at: KeyPath,
    dec_hook: Callable[[type, Any], Any] | None = None,
) -> dict[str, T]:
    """Return a mapping of names to values of `kind`; an error names the entry it is in.

    Raises:
        ConfigurationError: with file, line and key.
    """
    data = document.data
    for part in at:
        data = data.get(part) or {}
    if not isinstance(data, dict):
        raise document.error(at, "is not a mapping of names to values")
    return {name: convert(document, kind, at=(*at, name), dec_hook=dec_hook) for name in data}


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _with_truth(data: Any, message: str) -> Any:
    """Return data in which a YAML 1.1 truth (`yes`, `off`) stands as one where one is wanted.

    Go's YAML reads them so, and only where a truth value is wanted: elsewhere they are text.
    None where the message is about something else.
    """
    match = _MESSAGE.fullmatch(message)
    path = _key_path(match["path"] or "") if match else ()
    if match is None or not path or not match["what"].startswith("Expected `bool"):
        return None
    try:
        text = _at(data, path)
    except (LookupError, TypeError):  # a part of the path that msgspec does not name
        return None
    truth = _TRUTHS.get(text.lower()) if isinstance(text, str) else None
    return None if truth is None else _replaced(data, path, truth)


def _replaced(data: Any, path: KeyPath, value: Any) -> Any:
    """Return data with another value at a path; the old data stays as it is."""
    if not path:
        return value
    copied: Any = list(data) if isinstance(data, list) else dict(data)
    copied[path[0]] = _replaced(data[path[0]], path[1:], value)
    return copied


def _translated(
    document: Document, kind: Any, at: KeyPath, message: str, key: KeyPath
) -> ConfigurationError:
    match = _MESSAGE.fullmatch(message)
    what, inner = (match["what"], _key_path(match["path"] or "")) if match else (message, ())
    path = (*at, *inner, *key)
    if unknown := _UNKNOWN.fullmatch(what):
        name = unknown[1]
        return document.error((*path, name), f"unknown key{_hint(name, _keys_at(kind, inner))}")
    if missing := _MISSING.fullmatch(what):
        return document.error(path, f"lacks the key {missing[1]!r}")
    return document.error(path, _sentence(what))


def _sentence(what: str) -> str:
    expected = re.fullmatch(r"Expected `(.*?)`(?:, got `(.*)`)?", what)
    if not expected:
        return what[:1].lower() + what[1:]
    wanted = " or ".join(_kind_name(name) for name in expected[1].split(" | "))
    got = f", not {_kind_name(expected[2])}" if expected[2] else ""
    return f"must be {wanted}{got}"


def _kind_name(name: str) -> str:
    return _KINDS.get(name, name)


def _hint(key: str, known: list[str]) -> str:
    guess = nearest(key, known)
    if guess:
        return f"; did you mean {guess!r}?"
    return f"; there are {', '.join(sorted(known))}" if known else ""


def _key_path(text: str) -> KeyPath:
    parts: list[str | int] = []
    for match in _PART.finditer(text):
        if match[1] is not None:
            parts.append(match[1])
        elif match[2] is not None:
            parts.append(int(match[2]))
    return tuple(parts)


def _keys_at(kind: Any, path: KeyPath) -> list[str]:
    """Return the keys that the struct at a path within `kind` takes."""
    for part in path:
        kind = _member(kind, part)
    struct = _struct(kind)
    return list(struct.__struct_encode_fields__) if struct else []


def _member(kind: Any, part: str | int) -> Any:
    struct = _struct(kind)
    if struct is None or isinstance(part, int):
        arguments = [item for item in get_args(kind) if item is not type(None)]
        return (
            arguments[-1] if arguments and arguments[-1] is not ... else next(iter(arguments), None)
        )
    hints = get_type_hints(struct)
    names = dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True))
    return hints.get(names.get(str(part), ""))


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    """Return the one struct in a type: itself, or the one of an optional or annotated type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    structs = [found for item in get_args(kind) if (found := _struct(item))]
    return structs[0] if len(structs) == 1 else None
