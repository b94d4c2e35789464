"""Memory is bounded whatever the outputs do: under a limit, before a flood, with a sink that is down.

`make flood SECONDS=180` keeps the sink down for longer, and says how much was used.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.limiting import memory_limit
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1024 * 1024
LIMIT = 128 * MIB
DOWN = float(os.environ.get("PILLION_FLOOD_SECONDS", "4"))
FILES, FILE_BYTES = 4, int(os.environ.get("PILLION_FLOOD_MB", "16")) * MIB
LONG_LINES, LONG = 40, 900_000
SMALL_FILES = 1000
SHORT_LINES = 1_000_000
CONFIGURATION = """
service: {{flush: 1, scheduler.base: 0.1, scheduler.cap: 1}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/logs/*.log
      read_from_head: true
      refresh_interval: 1
      db: {folder}/positions
{input}
  outputs:
    - {output}
"""


def flood(folder: Path) -> Iterator[int]:
    """Write large files, one of long lines and one of short ones, and many small ones; yield lines."""
    line = b"x" * 199 + b"\n"
    block = line * (MIB // len(line))
    for _ in range(FILE_BYTES // len(block)):
        for number in range(FILES):
            with (folder / f"large-{number}.log").open("ab") as file:
                file.write(block)
            yield MIB // len(line)
    with (folder / "long.log").open("ab") as file:
        for _ in range(LONG_LINES):
            file.write(b"l" * LONG + b"\n")
            yield 1
    with (folder / "short.log").open("ab") as file:
        file.write(b"x\n" * SHORT_LINES)
        yield SHORT_LINES
    for number in range(SMALL_FILES):
        (folder / f"small-{number}.log").write_bytes(line * 3)
        yield 3


@pytest.mark.parametrize(
    ("output", "given"),
    [("es", ""), ("es", "      mem_buf_limit: 5MB"), ("file", "")],
    ids=["es", "es, mem_buf_limit 5MB", "file"],
)
def test_a_flood_before_an_output_that_is_down_is_held_in_its_files(
    tmp_path: Path, output: str, given: str
) -> None:
    logs, written = tmp_path / "logs", tmp_path / "written"
    logs.mkdir()
    with ExitStack() as stack:
        limited = stack.enter_context(memory_limit(LIMIT))
        sink = stack.enter_context(bulk_sink(counts_only=True))
        outputs = {
            "es": f"{{name: es, match: '*', host: 127.0.0.1, port: {sink.port}, index: logs}}",
            "file": f"{{name: file, match: '*', path: {written}, file: all, format: plain}}",
        }
        configuration = tmp_path / "agent.yaml"
        configuration.write_text(
            CONFIGURATION.format(folder=tmp_path, input=given, output=outputs[output])
        )
        sink.fail({"kind": "down", "seconds": DOWN})
        running = stack.enter_context(agent(configuration, before=limited.before))
        peak = 0
        until = time.monotonic() + DOWN
        lines = 0
        for count in flood(logs):
            lines += count
            if lines % 8 == 0:
                peak = max(peak, limited.anonymous())
        while time.monotonic() < until:
            peak = max(peak, limited.anonymous())
            assert running.started.get("/-/healthy").status == 200
            time.sleep(0.1)
        if output == "file":
            assert running.records("delivered") == 0
            written.mkdir()

        def delivered() -> float:
            nonlocal peak
            peak = max(peak, limited.anonymous())
            return running.records("delivered")

        eventually(delivered, lambda found: found >= lines, within=120)
        running.started.stop()
        assert limited.kills() == 0
        if output == "es":
            assert sink.counts()["taken"] == lines
        else:
            with (written / "all").open("rb") as file:
                assert sum(1 for _ in file) == lines
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["delivered"] == lines
    sys.stdout.write(f"{output} {given.strip()}: {lines} lines, {peak / MIB:.1f} MiB anonymous\n")
    assert peak < LIMIT
