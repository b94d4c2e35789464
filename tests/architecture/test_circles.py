"""No file imports what imports it, by whatever way round, and no package does; for types neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.architecture.workspace import Member, imports, members

if TYPE_CHECKING:
    from pathlib import Path

Graph = dict[str, set[str]]
Circle = frozenset[str]
ALL = pytest.mark.parametrize("member", members(), ids=lambda member: member.package)


def module_of(file: Path, source: Path) -> str:
    """Return the full name of the module that a file holds."""
    parts = file.relative_to(source.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files_graph(member: Member) -> Graph:
    """Return which module imports which of the same member."""
    files = {module_of(file, member.source): file for file in member.files()}
    graph: Graph = {}
    for name, file in files.items():
        graph[name] = set()
        for item in imports(file):
            target = item.module if item.module in files else item.module.rpartition(".")[0]
            if target in files and target != name:
                graph[name].add(target)
    return graph


def packages_graph(modules: Graph, packages: set[str]) -> Graph:
    """Return which folder imports which, neither of them inside the other."""
    graph: Graph = {}
    for name, targets in modules.items():
        here = package_of(name, packages)
        graph.setdefault(here, set()).update(
            there
            for there in (package_of(target, packages) for target in targets)
            if not (there + ".").startswith(here + ".") and not (here + ".").startswith(there + ".")
        )
    return graph


def package_of(module: str, packages: set[str]) -> str:
    """Return the folder that a module is in; a package is its own `__init__`."""
    return module if module in packages else module.rpartition(".")[0]


def circles(graph: Graph) -> set[Circle]:
    """Return the groups of nodes that all reach one another."""
    reach = {node: reachable(graph, node) for node in graph}
    return {
        frozenset({node, *(other for other in reach[node] if node in reach.get(other, ()))})
        for node in graph
        if node in reach[node]
    }


def reachable(graph: Graph, start: str) -> set[str]:
    """Return the nodes to which a way leads from another, itself only by a way round."""
    seen: set[str] = set()
    row = [start]
    while row:
        for target in graph.get(row.pop(), ()):
            if target not in seen:
                seen.add(target)
                row.append(target)
    return seen


@ALL
def test_no_file_imports_what_imports_it(member: Member) -> None:
    assert circles(files_graph(member)) == set()


@ALL
def test_no_package_imports_what_imports_it(member: Member) -> None:
    packages = {
        module_of(file, member.source) for file in member.files() if file.stem == "__init__"
    }
    assert circles(packages_graph(files_graph(member), packages)) == set()


def test_a_circle_is_found_over_any_number_of_files() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"f"}, "f": {"e"}}
    assert circles(graph) == {frozenset("abc"), frozenset("ef")}
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == set()


def test_a_folder_may_import_what_is_inside_it_and_the_other_way_round() -> None:
    modules = {"p.a.x": {"p.a.in.y"}, "p.a.in.y": {"p.a.z"}, "p.a.z": {"p.b.w"}, "p.b.w": {"p.a.x"}}
    packages = {"p.a", "p.a.in", "p.b"}
    assert packages_graph(modules, packages)["p.a.in"] == set()
    assert circles(packages_graph(modules, packages)) == {frozenset({"p.a", "p.b"})}
