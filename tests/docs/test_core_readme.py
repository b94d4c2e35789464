"""Everything that a process imports of the core is public: its README names it."""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.architecture.workspace import ROOT, Member, imports, members

PROCESSES = [member for member in members() if member.package != "pillion"]
CORE = ROOT / "core" / "src"


def named() -> set[str]:
    """Return the modules that the README names; `.b` after `pillion.x.a` is `pillion.x.b`."""
    found: set[str] = set()
    for cell in re.findall(r"(?m)^\| (`pillion[^|]*)\|", (ROOT / "core/README.md").read_text()):
        names = re.findall(r"`([a-z_.0-9]+)`", cell)
        parent = names[0].rpartition(".")[0]
        found |= {parent + name if name.startswith(".") else name for name in names}
    return found


def module_of(name: str) -> str:
    """Return the module in which an imported name is: the room, if it is of its surface."""
    room, _, last = name.rpartition(".")
    surface = CORE / room.replace(".", "/") / "__init__.py"
    if surface.is_file() and f'"{last}"' in surface.read_text().partition("__all__")[2]:
        return room
    while name and not (
        (CORE / f"{name.replace('.', '/')}.py").is_file()
        or (CORE / name.replace(".", "/")).is_dir()
    ):
        name = name.rpartition(".")[0]
    return name


@pytest.mark.parametrize("member", PROCESSES, ids=lambda member: member.package)
def test_what_a_process_imports_of_the_core_is_named(member: Member) -> None:
    used = {
        module_of(item.module)
        for file in member.files()
        for item in imports(file)
        if item.module.split(".")[0] == "pillion"
    }
    assert used - named() - {"pillion"} == set()


def test_what_is_named_is_there() -> None:
    assert {name for name in named() if importlib.util.find_spec(name) is None} == set()
