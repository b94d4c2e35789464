"""How deep and how large a YAML document may be, judged before anything is built of it. Pure.

PyYAML composes nodes by recursion, in C without a limit: a file of brackets ends the process.
Its events come one by one at any depth, so they are counted first.
"""

from __future__ import annotations

from typing import Any

import yaml

from pillion.errors import ConfigurationError

NODE_LIMIT = 200_000
DEPTH_LIMIT = 100
DIRECTIVE_LIMIT = 100  # libyaml compares each with all before it


def check_bounds(text: str, path: str, loader: Any) -> None:
    """Read the events of a document up to the first that is too deep or too many.

    Args:
        text: the document.
        path: the file's name, for the message.
        loader: PyYAML's class that will read it.

    Raises:
        ConfigurationError: a bound is passed; with its line.
        yaml.YAMLError: it is no YAML.
    """
    if text.count("\n%") > DIRECTIVE_LIMIT:
        raise ConfigurationError(f"{path}: has more than {DIRECTIVE_LIMIT} directives (%TAG)")
    depth = 0
    for count, event in enumerate(yaml.parse(text, loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise _error(path, event, f"is nested more than {DEPTH_LIMIT} levels deep")
        if count > 2 * NODE_LIMIT:  # a collection has two events
            raise _error(path, event, f"has more than {NODE_LIMIT} values")


def _error(path: str, event: Any, sentence: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{event.start_mark.line + 1}: {sentence}")
