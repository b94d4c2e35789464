"""Files that name several servers: `[UPSTREAM]` and `[NODE]`.

Source: "Upstream Servers" of fluent-bit's manual.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pillion.errors import ConfigurationError
from pillion.files import read_bounded

LIMIT = 1024 * 1024
_KINDS = ("upstream", "node")


@dataclass(slots=True)
class Node:
    """One server, as its section says it.

    Attributes:
        line: where the section begins.
        pairs: its keys in lower case, with their values.
    """

    line: int
    pairs: dict[str, str] = field(default_factory=dict)


def read_upstream(path: str) -> list[Node]:
    """Return the servers that a file names.

    Raises:
        ConfigurationError: it cannot be read, or is wrong.
    """
    try:
        text = read_bounded(path, LIMIT).decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"upstream: {path} cannot be read: {why}") from None
    return parse_upstream(text, path)


def parse_upstream(text: str, path: str) -> list[Node]:
    """Return the servers in the text of such a file; raises ConfigurationError. Pure."""
    nodes: list[Node] = []
    pairs: dict[str, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            kind = stripped.strip("[]").strip().lower()
            if kind not in _KINDS:
                raise ConfigurationError(
                    f"{path}:{number}: unknown section {stripped!r}; "
                    "there are [UPSTREAM] and [NODE]"
                )
            pairs = {}
            if kind == "node":
                nodes.append(Node(number, pairs))
            continue
        if pairs is None:
            raise ConfigurationError(f"{path}:{number}: {stripped!r} stands before any section")
        key, _, value = stripped.partition(" ")
        pairs[key.lower()] = value.strip()
    if not nodes:
        raise ConfigurationError(
            f"{path}:1: has no [NODE]; each server has one, with host and port"
        )
    for node in nodes:
        missing = [key for key in ("host", "port") if not node.pairs.get(key)]
        if missing:
            raise ConfigurationError(f"{path}:{node.line}: [NODE] has no {missing[0]}")
    return nodes
