"""A file of the peer as one document, whichever of its two languages it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion.configuration.document import Document
from pillion.errors import ConfigurationError
from pillion_nginx_exporter.nginxlog_config.hcl import Block, HclSyntaxError, parse_hcl

if TYPE_CHECKING:
    from pillion.configuration.document import KeyPath
    from pillion_nginx_exporter.nginxlog_config.hcl import Item

_MOST_BYTES = 1024 * 1024
_NAMED = {
    "namespace": ("namespaces", "name"),
    "relabel": ("relabel_configs", "target_label"),
    "match": ("matches", "regexp"),
}
"""Blocks with a name in HCL, and the list in YAML with the key that has the name."""


def read_document(path: str) -> Document:
    """Read `.yaml`, `.yml` or `.hcl`; HCL comes with the keys that YAML has.

    Raises:
        ConfigurationError: with the file and the line.
    """
    if path.endswith((".yaml", ".yml")):
        return Document.read(path)
    if not path.endswith(".hcl"):
        raise ConfigurationError(f"{path}: is neither .yaml, .yml nor .hcl by its name")
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # pathlib costs 1 MB
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > _MOST_BYTES:
        raise ConfigurationError(f"{path}: is larger than 1 MiB")
    try:
        block = parse_hcl(raw.decode())
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}:{line}: is not UTF-8 text") from None
    except HclSyntaxError as error:
        raise ConfigurationError(f"{path}:{error.line}: {error}") from None
    lines: dict[KeyPath, int] = {}
    return Document(path, _mapping(block, (), lines, path), lines)


def _mapping(block: Block, at: KeyPath, lines: dict[KeyPath, int], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in block.items:
        if item.key in _NAMED and isinstance(item.value, Block):
            _add_named(item, found, at, lines, path)
            continue
        lines[(*at, item.key)] = item.line
        if item.labels:
            raise ConfigurationError(f"{path}:{item.line}: {item.key} takes no name")
        value = _plain(item.value, (*at, item.key), lines, path)
        if item.key in found and not isinstance(value, dict):
            raise ConfigurationError(f"{path}:{item.line}: {item.key} is there twice")
        found[item.key] = {**found.get(item.key, {}), **value} if isinstance(value, dict) else value
    return found


def _add_named(
    item: Item, found: dict[str, Any], at: KeyPath, lines: dict[KeyPath, int], path: str
) -> None:
    name, key = _NAMED[item.key]
    rest = found.setdefault(name, [])
    where = (*at, name, len(rest))
    lines.setdefault((*at, name), item.line)
    lines[where] = lines[(*where, key)] = item.line
    if len(item.labels) > 1:
        raise ConfigurationError(f"{path}:{item.line}: {item.key} takes one name")
    assert isinstance(item.value, Block)
    named = {key: item.labels[0]} if item.labels else {}
    rest.append({**named, **_mapping(item.value, where, lines, path)})


def _plain(value: object, at: KeyPath, lines: dict[KeyPath, int], path: str) -> Any:
    if isinstance(value, Block):
        return _mapping(value, at, lines, path)
    if isinstance(value, list):
        return [_plain(one, (*at, index), lines, path) for index, one in enumerate(value)]
    return value
