"""Plugins that are not here are refused by name, with what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion_log_agent.configuration.instead import INSTEAD
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.plugins import FILTERS, INPUTS, OUTPUTS
from pillion_log_agent.configuration.section import Problems

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {"input": INPUTS, "filter": FILTERS, "output": OUTPUTS}
NAMES = [(kind, name) for kind in TABLES for name in INSTEAD[kind]]


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_plugin_that_is_not_here_is_refused_with_another_way(
    tmp_path: Path, kind: str, name: str
) -> None:
    path = tmp_path / "agent.conf"
    sections = {"input": "dummy", "output": "null"} | {kind: name}
    path.write_text(
        "".join(f"[{each.upper()}]\n    name {sections[each]}\n    match *\n" for each in sections)
    )
    problems = Problems()
    load(str(path), {}, problems)
    sentences = [each for each in problems.sentences if f"{kind} {name} is not supported; " in each]
    assert len(sentences) == 1
    assert sentences[0].endswith(INSTEAD[kind][name])


def test_no_plugin_that_is_here_is_refused() -> None:
    assert not [name for kind, name in NAMES if name in TABLES[kind]]
