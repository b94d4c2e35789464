"""What a joined line keeps of its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

TIME = "2026-11-21T10:00:00.000000001Z"


def test_path_and_offset_are_those_of_its_first_piece_also_where_its_end_never_comes(
    tmp_path: Path,
) -> None:
    configuration = tmp_path / "agent.yaml"
    log = tmp_path / "a.log"
    configuration.write_text(
        "service: {flush: 0.05}\n"
        "pipeline:\n  inputs:\n    - {name: tail, multiline.parser: cri, read_from_head: true,"
        f" docker_mode_flush: 0, path_key: path, offset_key: at, path: {log}}}\n"
        "  outputs: [{name: stdout, match: '*', format: json_lines}]\n"
    )
    first = f"{TIME} stdout F whole\n"
    second = f"{TIME} stdout P be\n{TIME} stdout F gun\n"
    log.write_text(first + second + f"{TIME} stdout P and left\n")
    with agent(configuration) as running:
        lines = eventually(running.lines, lambda found: len(found) == 3)
        running.started.stop()
    assert [(line["log"], line["at"]) for line in lines] == [
        ("whole", 0),
        ("begun", len(first)),
        ("and left", len(first + second)),
    ]
    assert {line["path"] for line in lines} == {str(log)}
