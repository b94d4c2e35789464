"""The first look at every file: what is made after the start is new, wherever reading begins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pillion.log import Logger
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.pipeline.build import PipelineContext, build_pipeline
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """
service: {{flush: 0.05}}
pipeline:
  inputs:
    - {{name: tail, path: "{folder}/*.log", read_from_head: off{db}}}
  outputs:
    - {{name: file, match: '*', format: template, template: '{{log}}', path: {folder}, file: out}}
"""


async def test_a_file_that_is_made_when_the_agent_says_that_it_has_started_is_read_whole(
    tmp_path: Path,
) -> None:
    assert await lines_after_the_start(tmp_path, "") == ["later", "new"]


async def test_so_it_is_with_positions_on_disk(tmp_path: Path) -> None:
    db = f", db: {tmp_path}/positions.db"
    assert await lines_after_the_start(tmp_path, db) == ["later", "new"]


async def lines_after_the_start(folder: Path, db: str) -> list[str]:
    """Start a pipeline over one file, make another one at once; return what came of both."""
    (folder / "old.log").write_text("old\n")
    (folder / "agent.yaml").write_text(CONFIGURATION.format(folder=folder, db=db))
    log, ledger, problems = Logger(level="error"), Ledger(), Problems()
    letters = DeadLetters(None, 0, log, time.time_ns)
    around = PipelineContext(log, ledger, letters, time.time_ns, {}, None, 1 << 20)
    pipeline = build_pipeline(load(str(folder / "agent.yaml"), {}, problems), around, problems)
    assert pipeline is not None, problems.sentences
    await pipeline.start()
    (folder / "a new.log").write_text("new\n")
    with (folder / "old.log").open("a") as file:
        file.write("later\n")
    await pipeline.read_to_end(within=20)
    await pipeline.drain(is_last=True)
    await pipeline.close()
    return sorted((folder / "out").read_text().splitlines())
