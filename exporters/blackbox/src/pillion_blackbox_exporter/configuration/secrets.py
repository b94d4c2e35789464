"""A configuration without its secrets, and the secrets, to be masked elsewhere. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pillion.masking import MASK, SHORTEST, masked_url, secrets_of_target
from pillion.settings.kinds import show_duration
from pillion_blackbox_exporter.configuration.kinds import ByteText, Duration, Pattern, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pillion_blackbox_exporter.configuration.module import Module

PLAIN_HEADERS = frozenset(
    (
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-type",
        "host",
        "origin",
        "pragma",
        "range",
        "referer",
        "user-agent",
    )
)
"""Headers whose values are no secret; what any other holds may be one."""
_PLAIN_PARAMETERS = frozenset({"audience", "grant_type", "resource", "scope"})
_VERBS = re.compile(
    rb"(\.? ?(?:AUTH|CAPABILITY|EHLO|GET|HEAD|HELO|HELP|INFO|LIST|LOGIN|NICK|NOOP|PASS|PING|PONG"
    rb"|QUIT|RSET|STARTTLS|STAT|STLS|USER|VERSION))(?P<rest>\s.*|)",
    re.DOTALL | re.IGNORECASE,
)

Shown = Any


def render_module(module: Module) -> dict[str, Shown]:
    """Return a module as plain data, as it was written but for defaults and secrets."""
    return {"prober": module.prober, **_struct(module)}


def secrets_of(module: Module) -> tuple[str, ...]:
    """Return every text of a module that is masked when it is shown, longest first."""
    found = {text for text in _secrets(module, "") if len(text) >= SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text with every secret in it masked."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def _struct(struct: msgspec.Struct) -> dict[str, Shown]:
    return {
        field.name: _value(field.name, value)
        for field in msgspec.structs.fields(struct)
        if (value := getattr(struct, field.name)) != _default(field)
    }


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return {} if field.default_factory is not msgspec.NODEFAULT else msgspec.NODEFAULT


def _value(name: str, value: Any) -> Shown:
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Pattern):
        return value.source
    if isinstance(value, Duration):
        return show_duration(value)
    if isinstance(value, ByteText):
        return _bytes(name, value)
    if isinstance(value, tuple):
        return [_value(name, item) for item in value]
    if isinstance(value, dict):
        return {key: _entry(name, key, item) for key, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return masked_url(value) if isinstance(value, str) else value


def _entry(name: str, key: str, value: Any) -> Shown:
    if _is_plain(name, key):
        return _value(name, value)
    if isinstance(value, msgspec.Struct):  # HeaderValues: the files are no secret, only paths
        fields = _struct(value)
        return {
            each: item if each == "files" else [MASK] * len(item) for each, item in fields.items()
        }
    return [MASK] * len(value) if isinstance(value, tuple) else MASK


def _is_plain(name: str, key: str) -> bool:
    if name == "endpoint_params":
        return key.lower() in _PLAIN_PARAMETERS
    return key.lower() in PLAIN_HEADERS


def _bytes(name: str, value: bytes) -> Shown:
    """Show the verb of what is sent, as that is where people look, and what is expected."""
    if not value:
        return ""
    if name == "send":
        match = _VERBS.fullmatch(value)
        if match is None:
            return MASK
        rest = f" {MASK}" if match["rest"].strip() else ""
        return match[1].decode() + rest
    if name == "expect_bytes":
        return value.decode("utf-8", "backslashreplace")
    return MASK


def _secrets(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from _secrets(getattr(value, field.name), field.name)
    elif isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, ByteText):
        yield from _secrets_sent(name, value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _secrets(item, name)
    elif isinstance(value, dict):
        yield from _secrets_of_mapping(name, value)
    elif isinstance(value, str) and "://" in value:
        yield from secrets_of_target(value)


def _secrets_of_mapping(name: str, mapping: Mapping[str, Any]) -> Iterator[str]:
    for key, item in mapping.items():
        if isinstance(item, str):
            if not _is_plain(name, key):
                yield item
        elif not _is_plain(name, key) and isinstance(item, msgspec.Struct):
            yield from getattr(item, "values", ())
            yield from _secrets(item, name)
        elif isinstance(item, tuple):
            yield from (each for each in item if isinstance(each, str))
            yield from _secrets(item, name)


def _secrets_sent(name: str, value: bytes) -> Iterator[str]:
    text = value.decode("utf-8", "replace").strip()
    if name == "body":
        yield text
    elif name == "send":
        match = _VERBS.fullmatch(value)
        rest = value if match is None else match["rest"]
        yield rest.decode("utf-8", "replace").strip()
