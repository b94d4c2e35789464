"""Which values of a record are looked through, and putting others in their place. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.columns import Record

    Handle = Callable[[Any, str], "str | None"]
    """Takes a key and a text; returns what to put in its place, None for nothing."""

LEAST_NUMBER = 999_999
"""Smaller numbers are nobody's card, phone or id."""
Tree = dict[Any, "Tree | None"]
"""Keys of fields that are left as they are; below one that has a tree, only those of the tree."""
_NONE: Tree = {}


class Selection:
    """The texts and large numbers of a record, but for the fields to keep, or only some fields."""

    def __init__(self, keep: Sequence[Accessor], only: Sequence[Accessor]) -> None:
        """Take which.

        Args:
            keep: fields that are left as they are, with all in them.
            only: where there are some, no other field is looked at.
        """
        self._keep: Tree = {}
        for accessor in keep:
            _plant(self._keep, accessor.path)
        self._only = [accessor.path for accessor in only]

    def keeps(self, name: str) -> bool:
        """Whether nothing in a field is looked at."""
        if self._only and all(path[0] != name for path in self._only):
            return True
        return name in self._keep and self._keep[name] is None

    def takes_whole(self, name: str) -> bool:
        """Whether all in a field is looked at."""
        return name not in self._keep and (not self._only or (name,) in self._only)

    def visit(self, record: Record, handle: Handle) -> None:
        """Hand each text over, always in the same order, and put what comes back in its place."""
        if not self._only:
            _visit(record, self._keep, handle)
            return
        for path in self._only:
            parent: Any = record
            keep: Tree | None = self._keep
            for part in path[:-1]:
                keep = None if keep is None else keep.get(part, _NONE)
                parent = _child(parent, part)
            if keep is not None and _child(parent, path[-1]) is not None:
                _visit_item(parent, path[-1], parent[path[-1]], keep, handle)


def _plant(tree: Tree, path: Sequence[str | int]) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if below is None:
            return
        tree = below
    tree[path[-1]] = None


def _child(parent: Any, part: str | int) -> Any:
    if isinstance(parent, dict):
        return parent.get(part)
    is_there = isinstance(parent, list) and isinstance(part, int) and part < len(parent)
    return parent[part] if is_there else None


def _visit(node: Any, keep: Tree, handle: Handle) -> None:
    for key, value in node.items() if type(node) is dict else enumerate(node):
        if type(value) is str and (not keep or key not in keep):
            # Nearly all are such.
            new = handle(key, value)
            if new is not None:
                node[key] = new
        else:
            _visit_item(node, key, value, keep, handle)


def _visit_item(node: Any, key: Any, value: Any, keep: Tree, handle: Handle) -> None:
    below = keep.get(key, _NONE)
    if below is None:
        return
    if isinstance(value, (dict, list)):
        _visit(value, below, handle)
    elif isinstance(value, str):
        new = handle(key, value)
        if new is not None:
            node[key] = new
    elif type(value) is int and abs(value) > LEAST_NUMBER:
        text = str(value)
        new = handle(key, text)
        if new is not None and new != text:
            node[key] = new
