"""The wall clock jumps: it names times and indices, and nothing waits by it."""

from __future__ import annotations

import asyncio
import io
import re
import time
from pathlib import Path

import pytest

import pillion_log_agent
from pillion.log import Logger
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.pipeline.build import PipelineContext, build_pipeline
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.ledger import Ledger
from tests.servers.bulk_sink import bulk_sink

DAY = 24 * 3600 * 10**9
WALL = re.compile(r"\btime\.time(_ns)?\b|datetime\.(now|utcnow)\(")
CONFIGURATION = """
service: {{flush: 0.05, scheduler.base: 0.05, scheduler.cap: 0.1}}
pipeline:
  inputs:
    - {{name: tail, path: {folder}/a.log, read_from_head: true, db: {folder}/positions}}
  outputs:
    - {{name: es, match: '*', host: 127.0.0.1, port: {port}, index: logs}}
"""


class Wall:
    """The system's clock, as far ahead as a test says."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() + self.ahead


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_flushes_and_retries_go_on_over_a_jump(tmp_path: Path, jump: int) -> None:
    wall, log, ledger = Wall(), Logger(stream=io.StringIO()), Ledger()
    configuration = tmp_path / "agent.yaml"
    path = tmp_path / "a.log"
    with bulk_sink() as sink:
        configuration.write_text(CONFIGURATION.format(folder=tmp_path, port=sink.port))
        around = PipelineContext(
            log=log,
            ledger=ledger,
            dead_letters=DeadLetters(None, 0, log, wall),
            wall_ns=wall,
            environment={},
            state=None,
            in_flight_bytes=8 * 1024 * 1024,
        )
        problems = Problems()
        pipeline = build_pipeline(load(str(configuration), {}, problems), around, problems)
        assert pipeline is not None
        await pipeline.start()
        path.write_text("before\n")
        await until(lambda: ledger.delivered == 1)
        sink.fail(*[{"kind": "status", "status": 503}] * 3)
        with path.open("a") as file:
            file.write("during\n")
        figures = ledger.outputs["es.0"]
        await until(lambda: figures.retries >= 1)
        wall.ahead = jump
        await until(lambda: ledger.delivered == 2)
        with path.open("a") as file:
            file.write("after\n")
        await until(lambda: ledger.delivered == 3)
        await pipeline.drain(is_last=True)
        await pipeline.close()
        documents = {each["_source"]["log"]: each["_source"] for each in sink.documents()}
    assert set(documents) == {"before", "during", "after"}
    assert documents["after"]["@timestamp"][:10] == day(time.time_ns() + jump)


def test_only_who_puts_the_parts_together_knows_the_wall_clock() -> None:
    """Everyone else is handed it, and it is handed on to name times alone."""
    root = Path(pillion_log_agent.__path__[0])
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if WALL.search(path.read_text())
    }
    assert found == {"replay.py", "service.py", "status.py"}


def day(nanoseconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(nanoseconds / 1e9))


async def until(holds: object, within: float = 10.0) -> None:
    assert callable(holds)
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)
