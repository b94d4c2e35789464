"""What the tests with a real OpenSearch share: a configuration, records, a run to their end."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.sidecars.log_agent.running import COMMAND, Agent, agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.opensearch.node import OpenSearch

CONFIGURATION = """
service: {{flush: 0.05, scheduler.base: 0.05, scheduler.cap: 0.2}}
parsers:
  - {{name: line, format: json, time_key: time, time_format: '%Y-%m-%dT%H:%M:%S.%L%z', time_keep: on}}
pipeline:
  inputs:
    - {{name: tail, path: {folder}/*.log, parser: line, read_from_head: on, refresh_interval: 1}}
  outputs:
    - name: opensearch
      match: '*'
      port: {port}
{properties}
"""


def configured(folder: Path, node: OpenSearch, **properties: str) -> Path:
    path = folder / "agent.yaml"
    lines = "\n".join(f"      {name}: {json.dumps(value)}" for name, value in properties.items())
    path.write_text(CONFIGURATION.format(folder=folder, port=node.port, properties=lines))
    return path


def record(number: int, **fields: Any) -> str:
    moment = f"2026-11-21T10:00:{number % 60:02d}.123456789Z"
    return json.dumps({"time": moment, "n": number, **fields}, separators=(",", ":")) + "\n"


def write(folder: Path, *lines: str) -> None:
    with (folder / "a.log").open("a") as file:
        file.writelines(lines)


def ship(
    configuration: Path, *lines: str, flags: tuple[str, ...] = (), settled: int | None = None
) -> dict[str, int]:
    """Write lines, run the agent until all are settled, and return its figures."""
    write(configuration.parent, *lines)
    count = len(lines) if settled is None else settled
    with agent(configuration, *flags) as running:
        wait_for_settled(running, count)
        running.started.stop()
    figures = summary(running.started.log)
    assert balances(figures), figures
    assert figures["in_flight"] == 0
    return figures


def wait_for_settled(running: Agent, count: int) -> None:
    """Wait until so many records were taken or refused."""
    eventually(lambda: running.settled("delivered", "rejected"), lambda found: found == count)


def replay(letters: Path, configuration: Path) -> None:
    command = [*COMMAND, "replay", str(letters), "-c", str(configuration)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
