"""A YAML document as plain data that still knows the line of every key.

Scalars follow the YAML 1.2 core schema, as Go's YAML does for the peers: `no`, `on` and
`12:30:45` are text, only `true` and `false` are truth values. `010` is text too, since one
reader takes it for eight and the next for ten. Aliases are resolved within a
bound, so that a few lines cannot unfold into gigabytes.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from pillion.configuration.bounds import DEPTH_LIMIT, NODE_LIMIT, check_bounds
from pillion.errors import ConfigurationError
from pillion.files import PIPE_SECONDS, read_bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_BYTES_LIMIT = 16 * 1024 * 1024
_KEY_LENGTH, _SENTENCE_LENGTH = 200, 1000  # of a message

_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0o[0-7]+|0x[0-9a-fA-F]+)", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII
)
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf")}
_STRING_TAG = "tag:yaml.org,2002:str"
_BINARY_TAG = "tag:yaml.org,2002:binary"
_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
}

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file.

    Attributes:
        path: the file's name, for messages.
        data: mappings with text keys, sequences and scalars.
        lines: the line, from 1, at which each key or item stands.
        texts: how a scalar is written that is no text by itself (`1.10`, but not `yes`).
    """

    path: str
    data: Any
    lines: Mapping[KeyPath, int]
    texts: Mapping[KeyPath, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Document:
        """Read and parse a file.

        Raises:
            ConfigurationError: it cannot be read, is no UTF-8, or is no YAML.
        """
        try:
            raw = read_bounded(path, _BYTES_LIMIT, wait=PIPE_SECONDS)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
        try:
            return cls.parse(raw.decode(), path)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise ConfigurationError(f"{path}:{line}: is not UTF-8 text") from None

    @classmethod
    def parse(cls, text: str, path: str) -> Document:
        """Parse the text of a file; an empty one is an empty mapping.

        Raises:
            ConfigurationError: it is no YAML, or has a key twice.
        """
        try:
            check_bounds(text, path, _Loader)
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"{path}:{mark.line + 1}" if mark else path
            problem = error.problem or error.context or "is not YAML"
            raise ConfigurationError(f"{where}: {problem}") from None
        except yaml.YAMLError as error:
            first = str(error).splitlines()[0]
            raise ConfigurationError(f"{path}: {first}") from None
        builder = _Builder(path)
        data = {} if node is None else builder.build(node, (), 0)
        return cls(path, data, builder.lines, builder.texts)

    def line(self, at: KeyPath) -> int | None:
        """Return the line of a key, or of the nearest one above it."""
        for end in range(len(at), 0, -1):
            if (line := self.lines.get(at[:end])) is not None:
                return line
        return None

    def error(self, at: KeyPath, sentence: str) -> ConfigurationError:
        """Return the error `FILE:LINE: key.path: sentence`."""
        line = self.line(at)
        where = self.path if line is None else f"{self.path}:{line}"
        key = f"{show_path(at)[:_KEY_LENGTH]}: " if at else ""
        return ConfigurationError(f"{where}: {key}{sentence[:_SENTENCE_LENGTH]}")


def show_path(at: KeyPath) -> str:
    """Return a key path as people write it: `modules.http_2xx.http.headers[0]`."""
    text = ""
    for part in at:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


class _Builder:
    """Turns nodes into data, and remembers their lines."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: dict[KeyPath, int] = {}
        self.texts: dict[KeyPath, str] = {}
        self._nodes = 0

    def build(self, node: yaml.Node, at: KeyPath, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > NODE_LIMIT or depth > DEPTH_LIMIT:
            raise self._error(node, at[:8], "unfolds into too much through its aliases")
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.build(item, (*at, index), depth + 1) for index, item in enumerate(node.value)
            ]
        return self._scalar(node, at)

    def _mapping(self, node: yaml.MappingNode, at: KeyPath, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged.append(value_node)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, at, "has a key that is not text")
            key = key_node.value
            if key in data:
                raise self._error(key_node, (*at, key), "is there twice")
            self.lines[(*at, key)] = key_node.start_mark.line + 1
            data[key] = self.build(value_node, (*at, key), depth + 1)
        for value_node in merged:
            self._merge(data, value_node, at, depth)
        return data

    def _merge(self, data: dict[str, Any], node: yaml.Node, at: KeyPath, depth: int) -> None:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            values = self.build(source, at, depth + 1)
            if not isinstance(values, dict):
                raise self._error(source, at, "merges (<<) what is not a mapping")
            for key, value in values.items():
                data.setdefault(key, value)

    def _scalar(self, node: yaml.Node, at: KeyPath) -> Any:
        text = node.value
        if node.tag == _BINARY_TAG and isinstance(node, yaml.ScalarNode):
            return self._binary(node, at)
        if node.tag not in _TAGS:
            raise self._error(node, at, f"has the tag {node.tag[:80]}, which means nothing here")
        if not isinstance(node, yaml.ScalarNode) or node.style:
            return text
        if node.tag == _STRING_TAG and self._is_explicit(node):
            return text
        value = _plain_scalar(text)
        if not isinstance(value, str):
            self.texts[at] = text
        return value

    def _binary(self, node: yaml.ScalarNode, at: KeyPath) -> bytes:
        try:
            return binascii.a2b_base64("".join(node.value.split()), strict_mode=True)
        except ValueError:
            raise self._error(node, at, "is tagged !!binary but is not base64") from None

    @staticmethod
    def _is_explicit(node: yaml.ScalarNode) -> bool:
        """Whether `!!str` stands before the scalar: its start is then not the text's."""
        return node.end_mark.index - node.start_mark.index > len(node.value)

    def _error(self, node: yaml.Node, at: KeyPath, sentence: str) -> ConfigurationError:
        key = f"{show_path(at)[:_KEY_LENGTH]}: " if at else ""
        return ConfigurationError(f"{self.path}:{node.start_mark.line + 1}: {key}{sentence}")


def _plain_scalar(text: str) -> Any:
    """Return the value of an unquoted scalar by the YAML 1.2 core schema."""
    if _NULL.fullmatch(text):
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text) and len(text) < 400:  # noqa: PLR2004  # int() is quadratic
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.lower() in _SPECIAL:
        return _SPECIAL[text.lower()]
    return float("nan") if text.lower() == ".nan" else text
