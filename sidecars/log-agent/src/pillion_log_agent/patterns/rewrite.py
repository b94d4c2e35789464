"""Forms of a pattern that match where it does and capture what it does, with fewer ways. Pure.

Each rule holds for a search: what matches from a later place of the same run or line would have
matched from its beginning, so the later places need not be tried.

- `.*X` is looked for from the beginning of each line only: `^.*X`.
- `C+X`, with one class C: not from within a run of C. `C(?<!CC)C*X`.
- `A.*X`, where A has one length: from the first A of each line only. `^(?>.*?A).*X`. Where nothing
  is captured, `A.*B.*X` is `^(?>.*?A)(?>.*?B).*X`.
"""

from __future__ import annotations

from re import _compiler, _parser  # type: ignore[attr-defined, unused-ignore]
from re import _constants as op  # type: ignore[attr-defined, unused-ignore]
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.tree import LOOPS, Node, is_anything, is_fixed, is_single

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LINE_START: Node = (op.AT, op.AT_BEGINNING)
_GUARDED = (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY)


def forms_of(tree: Any, *, captures: bool) -> Iterator[Any]:
    """Yield the trees of other forms, the likeliest first; none where no rule holds.

    Args:
        tree: of the pattern.
        captures: whether what the groups take is asked for.
    """
    nodes = list(tree)
    if _refers(nodes) or not nodes or tree.state.flags & _compiler.SRE_FLAG_DOTALL:
        return
    anchored = _from_line_start(nodes)
    if anchored is not None:
        yield _tree(tree, anchored)
        return
    searched = _from_first(nodes, captures=captures)
    if searched is not None:
        yield _tree(tree, searched)
    guarded = _guarded(nodes)
    if guarded is not None:
        yield _tree(tree, guarded)


def _tree(tree: Any, nodes: list[Node]) -> Any:
    """Return nodes as a tree, as `re` compiles it: with one in each place of a sequence."""
    return _parser.SubPattern(tree.state, [_with_trees(tree, each) for each in nodes])


def _with_trees(tree: Any, node: Node) -> Node:
    kind, value = node
    if kind is op.ATOMIC_GROUP:
        return kind, _tree(tree, list(value))
    if kind in (op.SUBPATTERN, *LOOPS, op.ASSERT, op.ASSERT_NOT):
        return kind, (*value[:-1], _tree(tree, list(value[-1])))
    if kind is op.BRANCH:
        return kind, (value[0], [_tree(tree, list(each)) for each in value[1]])
    return node


def _from_line_start(nodes: list[Node]) -> list[Node] | None:
    """Return `^.*X` of `.*X`, and of `(.*)X`."""
    first = nodes[0]
    while first[0] is op.SUBPATTERN and first[1][3] and not (first[1][1] or first[1][2]):
        first = first[1][3][0]
    return [_LINE_START, *nodes] if is_anything(first, LOOPS[:2]) else None


def _from_first(nodes: list[Node], *, captures: bool) -> list[Node] | None:
    """Return `^(?>.*?A).*X` of `A.*X`."""
    segments: list[list[Node]] = [[]]
    loops: list[Node] = []
    for node in nodes:
        if is_anything(node, LOOPS[:2]):
            loops.append(node)
            segments.append([])
        else:
            segments[-1].append(node)
    if not loops or not is_fixed(segments[0]):
        return None
    found: list[Node] = [_LINE_START, _search(segments[0])]
    rest = list(zip(loops, segments[1:], strict=True))
    if not captures:
        if not rest[-1][1]:
            rest.pop()
        while len(rest) > 1 and rest[0][0][1][0] == 0 and is_fixed(rest[0][1]):
            found.append(_search(rest.pop(0)[1]))
    for loop, segment in rest:
        found += [loop, *segment]
    return found


def _search(segment: list[Node]) -> Node:
    anything = (op.MIN_REPEAT, (0, op.MAXREPEAT, [(op.ANY, None)]))
    return op.ATOMIC_GROUP, [anything, *segment]


def _guarded(nodes: list[Node]) -> list[Node] | None:
    """Return the pattern with its leading loop not begun within a run, None where it has none."""
    if not nodes:
        return None
    (kind, value), rest = nodes[0], nodes[1:]
    if kind is op.SUBPATTERN and not (value[1] or value[2]):
        inner = _guarded(list(value[3]))
        if inner is None:
            return None
        return [(kind, (value[0], value[1], value[2], inner)), *rest]
    if kind is op.BRANCH:
        branches = [_guarded(list(each)) or list(each) for each in value[1]]
        return [(kind, (value[0], branches)), *rest]
    if kind not in LOOPS or value[1] != op.MAXREPEAT:
        return None
    body = list(value[2])
    if len(body) != 1 or not is_single(body[0]) or body[0][0] not in _GUARDED:
        return None
    low = value[0]
    if low == 0:
        return [(op.ASSERT_NOT, (-1, body)), *nodes]
    # The class stands first: it is what the search looks for.
    return [body[0], (op.ASSERT_NOT, (-1, body * 2)), (kind, (low - 1, value[1], value[2])), *rest]


def _refers(nodes: Sequence[Node]) -> bool:
    """Whether a part of the pattern depends on what a group has taken."""
    return "GROUPREF" in repr(nodes)
