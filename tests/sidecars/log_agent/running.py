"""What the tests of the whole agent share: its files, its process, its lines."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion.testing import Started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PROGRAM = "import sys; from pillion_log_agent.main import main; sys.exit(main())"
COMMAND = (sys.executable, "-c", PROGRAM)
DOCKER_ID = "0123456789abcdef" * 4
PARSERS = """
[PARSER]
    Name        docker
    Format      json
    Time_Key    time
    Time_Format %Y-%m-%dT%H:%M:%S.%L
    Time_Keep   On
"""


@dataclass
class Agent:
    """A process of the agent, with what it has written to standard output."""

    started: Started
    process: subprocess.Popen[str]
    output: Path
    extra: dict[str, Any] = field(default_factory=dict)

    def lines(self) -> list[dict[str, Any]]:
        """Return the objects on standard output."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def whole_lines(self) -> list[dict[str, Any]]:
        """Return the objects on standard output whose line has come to its end."""
        return [json.loads(line) for line in self.output.read_text().split("\n")[:-1]]

    def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self.process.kill()
        self.process.wait(10)

    def records(self, state: str, reason: str = "") -> float:
        """Return what the ledger says of records."""
        scrape = self.started.scrape()
        return scrape.value("pillion_log_agent_records_total", state=state, reason=reason)

    def settled(self, *states: str) -> float:
        """Return how many records are in some of the ledger's states, whatever the reason."""
        scrape = self.started.scrape()
        name = "pillion_log_agent_records_total"
        found = [labels for labels in scrape.labels(name) if labels["state"] in states]
        return sum(scrape.value(name, **labels) for labels in found)


@contextmanager
def agent(
    configuration: Path | None,
    *flags: str,
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
    has_input: bool = False,
    folder: Path | None = None,
) -> Iterator[Agent]:
    """Run the agent with a configuration; stop it at the end.

    Args:
        configuration: the file; None where something else names it, and then a folder is needed.
        flags: of the command line.
        environment: more variables.
        before: a command that runs the one behind it in its own place.
        has_input: give it a pipe as standard input.
        folder: for its standard output; that of the configuration if not given.
    """
    folder = folder or (configuration.parent if configuration is not None else None)
    assert folder is not None
    output = folder / "standard-output"
    with output.open("ab") as file:
        process = subprocess.Popen(
            [
                *before,
                *COMMAND,
                *(("-c", str(configuration)) if configuration is not None else ()),
                "--web.listen-address=127.0.0.1:0",
                "--log.level=info",
                "--drain.quiet=0s",
                *flags,
            ],
            stdin=subprocess.PIPE if has_input else None,
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", **(environment or {})},
        )
    started = Started(process, 30.0)
    try:
        started.wait_for_log(r"msg=listening")
        yield Agent(started, process, output)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(30)
        finally:
            if process.poll() is None:
                process.kill()
            started.wait()
            if process.stdin is not None:
                process.stdin.close()
            assert process.stderr is not None
            process.stderr.close()


def docker_line(text: str, number: int = 0, stream: str = "stdout") -> str:
    """Return a line as docker's json-file driver writes it."""
    time = f"2026-11-21T10:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}456789Z"
    return (
        json.dumps({"log": text + "\n", "stream": stream, "time": time}, separators=(",", ":"))
        + "\n"
    )


def summary(log: str) -> dict[str, int]:
    """Return the figures of the line at exit."""
    line = next(line for line in log.splitlines() if "msg=records" in line)
    pairs = (part.partition("=") for part in line.split())
    return {key: int(value) for key, _, value in pairs if value.isdigit()}


def balances(figures: Mapping[str, int]) -> bool:
    """Whether the ledger is even."""
    parts = ("delivered", "filtered", "rejected", "dropped", "in_flight")
    return figures["read"] == sum(figures[part] for part in parts)
