"""The rooms of the core that processes import from are public: its README names them."""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.architecture.workspace import ROOT, Member, imports, members

PROCESSES = [member for member in members() if member.package != "pillion"]


def named() -> set[str]:
    """Return the modules that the README names; `.b` after `pillion.x.a` is `pillion.x.b`."""
    found: set[str] = set()
    for cell in re.findall(r"(?m)^\| (`pillion[^|]*)\|", (ROOT / "core/README.md").read_text()):
        names = re.findall(r"`([a-z_.0-9]+)`", cell)
        parent = names[0].rpartition(".")[0]
        found |= {parent + name if name.startswith(".") else name for name in names}
    return found


@pytest.mark.parametrize("member", PROCESSES, ids=lambda member: member.package)
def test_each_room_that_a_process_imports_from_is_named(member: Member) -> None:
    rooms = {
        ".".join(item.module.split(".")[:2])
        for file in member.files()
        for item in imports(file)
        if item.module.startswith("pillion.")
    }
    assert rooms - named() - {"pillion.__version__"} == set()


def test_what_is_named_is_there() -> None:
    assert {name for name in named() if importlib.util.find_spec(name) is None} == set()
