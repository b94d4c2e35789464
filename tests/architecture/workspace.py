"""The members of the workspace, as their files say it."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "exporters/*", "sidecars/*", "inject", "images")


@dataclass(frozen=True, slots=True)
class Member:
    """One package.

    Attributes:
        folder: where its pyproject.toml stands.
        project: the `[project]` table of that.
        package: the name that is imported.
    """

    folder: Path
    project: dict[str, Any]
    package: str

    @property
    def source(self) -> Path:
        return self.folder / "src" / self.package

    def files(self) -> Iterator[Path]:
        return self.source.rglob("*.py")


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: where it stands, and the module that it names in full."""

    file: Path
    line: int
    module: str
    is_for_types: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


@cache
def members() -> tuple[Member, ...]:
    found = []
    for pattern in FOLDERS:
        for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml")):
            project = tomllib.loads(path.read_text())["project"]
            package = project["name"].replace("-", "_")
            found.append(Member(path.parent, project, package))
    return tuple(found)


@cache
def imports(file: Path) -> tuple[Import, ...]:
    tree = ast.parse(file.read_text())
    type_checking = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [Import(file, node.lineno, name, id(node) in type_checking) for name in names]
    return tuple(found)
