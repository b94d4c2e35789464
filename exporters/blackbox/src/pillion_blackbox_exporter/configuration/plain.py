"""What Go's YAML forgives, made plain for a strict reader. Pure.

A key without a value is as good as absent, and a scalar where text is wanted is the text as
it is written: `X-Version: 1.10` is "1.10".
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from pillion_blackbox_exporter.configuration.kinds import ByteText, Duration, Pattern, Secret, Size

if TYPE_CHECKING:
    from pillion.configuration import Document, KeyPath

_TEXTS = (str, ByteText, Pattern, Secret, Duration, Size)
_IP_PROTOCOLS = {"ipv4": "ip4", "v4": "ip4", "4": "ip4", "ipv6": "ip6", "v6": "ip6", "6": "ip6"}
_hints: dict[type, dict[str, Any]] = {}


def plain(document: Document, kind: Any, at: KeyPath, value: Any) -> Any:
    """Return the part of a document at a key path as `kind` wants to have it.

    Raises:
        ConfigurationError: a list or mapping stands where text is wanted.
    """
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(document, kind, at, value)
    if get_origin(kind) is dict and isinstance(value, dict):
        inner = get_args(kind)[1]
        return {
            key: plain(document, inner, (*at, key), item)
            for key, item in value.items()
            if item is not None
        }
    if get_origin(kind) is tuple and isinstance(value, list):
        inner = get_args(kind)[0]
        return [plain(document, inner, (*at, i), item) for i, item in enumerate(value)]
    if get_origin(kind) is Literal:
        return _choice(document, at, value, get_args(kind))
    return _text(document, at, value) if kind in _TEXTS else value


def _struct(document: Document, kind: type[msgspec.Struct], at: KeyPath, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if kind not in _hints:
        _hints[kind] = get_type_hints(kind)
    hints = _hints[kind]
    return {
        key: plain(document, hints[key], (*at, key), item) if key in hints else item
        for key, item in value.items()
        if item is not None
    }


def _text(document: Document, at: KeyPath, value: Any) -> Any:
    if isinstance(value, dict | list):
        kind = "a mapping" if isinstance(value, dict) else "a list"
        raise document.error(at, f"must be text, not {kind}")
    return value if isinstance(value, str | bytes) else document.texts.get(at, value)


def _choice(document: Document, at: KeyPath, value: Any, choices: tuple[str, ...]) -> Any:
    value = _text(document, at, value)
    if "ip4" in choices and isinstance(value, str):
        value = _IP_PROTOCOLS.get(value.lower(), value.lower())
    if value not in choices:
        known = [choice for choice in choices if choice]
        raise document.error(at, f"{value!r} is none of {', '.join(known)}")
    return value
