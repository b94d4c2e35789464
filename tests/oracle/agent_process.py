"""The log agent as a process: configured, started, looked at, reloaded, stopped and killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import httpx

from pillion.testing import Started
from tests.oracle.arriving import Arrival, Judge
from tests.oracle.state import kept_positions, open_inodes
from tests.sidecars.log_agent.running import balances, summary

if TYPE_CHECKING:
    from pillion.testing import Scrape
    from tests.oracle.truth import Truth
    from tests.servers.bulk_sink import Sink

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from tests.oracle.reader import die_at_save_point
if {die_at}:
    die_at_save_point({die_at})
from pillion_log_agent.main import main
sys.exit(main())
"""
PATIENCE = 30.0
DRAIN_SECONDS = 10
LOOK_EVERY = 0.3
COST_FACTOR = 4
STATES = ("read", "delivered", "filtered", "rejected", "dropped")


class AgentProcess:
    """One life of the agent.

    Attributes:
        kept: by identity, the positions that were safe on disk when it started.
        has_state: there was a checkpoint with a look in it.
        full_disk: never.
        may_die: it is killed at a save point.
    """

    full_disk = False

    def __init__(
        self,
        folder: Path,
        state: Path,
        sink: Sink,
        judge: Judge,
        log: IO[str],
        *,
        die_at: int = 0,
    ) -> None:
        self.kept, self.has_state = kept_positions(state)
        self._folder = folder
        self._sink = sink
        self._judge = judge
        self._log = log
        self._look_due = 0.0
        self.process: subprocess.Popen[Any] = subprocess.Popen(
            [
                sys.executable,
                "-c",
                PROGRAM.format(die_at=die_at),
                f"--config.file={folder / 'agent.yaml'}",
                "--web.listen-address=127.0.0.1:0",
                f"--dead-letter.file={folder / 'letters'}",
                f"--drain.timeout={DRAIN_SECONDS}s",
            ],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.may_die = die_at > 0
        self._started = Started(self.process, PATIENCE)

    def wait_until_ready(self, truth: Truth) -> None:
        self._started.wait_for_log("msg=listening")
        self.drain(truth)

    def holds(self, inode: int) -> bool:
        return inode in open_inodes(self.process.pid)

    def reload(self) -> None:
        """Have it take up its configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def drain(self, truth: Truth) -> bool:
        """Look at its ledger and at what has arrived, now and then."""
        if self.process.poll() is not None:
            if not self._was_killed:
                truth.faults.append(f"it ended by itself, with status {self.process.poll()}")
            return False
        now = time.monotonic()
        if now >= self._look_due:
            try:
                self._look_at_ledger(truth)
            except (OSError, httpx.TransportError):
                self.process.wait(PATIENCE)
                return self.drain(truth)
            self.judge(truth)
            took = time.monotonic() - now
            self._look_due = now + max(LOOK_EVERY, COST_FACTOR * took)
        return True

    def stop(self, truth: Truth) -> None:
        status = self._started.stop()
        if self._was_killed:
            self.kill(truth)
            return
        if status != 0:
            truth.faults.append(f"it ended with status {status}")
        figures = summary(self._started.log)
        if not balances(figures):
            truth.faults.append(f"the line at exit does not balance: {figures}")
        if figures["in_flight"] and "they will be read again" not in self._started.log:
            truth.faults.append(f"the line at exit leaves records in flight: {figures}")
        self.judge(truth)
        self.end()

    @property
    def _was_killed(self) -> bool:
        return self.may_die and self.process.poll() == -signal.SIGKILL

    def kill(self, truth: Truth) -> None:
        self.process.kill()
        self._started.wait()
        self.judge(truth)
        self.end()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self._started.wait()
        if self.process.stderr is not None and not self.process.stderr.closed:
            self.process.stderr.close()
            self._log.write(self._started.log)

    def judge(self, truth: Truth) -> None:
        """Hold what has arrived against what was written."""
        arrivals = [
            Arrival.of(each["_id"], each["_source"]["log"]) for each in self._sink.documents()
        ]
        for line in lines(self._folder / "letters"):
            letter = json.loads(line)
            name = f"{letter['identity']}-{letter['offset']}"
            arrivals.append(Arrival.of(name, letter["record"]["log"]))
        output = self._folder / "written"
        written = lines(output) if output.exists() else None
        for fault in self._judge.see(arrivals, written):
            if fault not in truth.faults:
                truth.faults.append(fault)

    def _look_at_ledger(self, truth: Truth) -> None:
        scrape = self._started.scrape()
        figures = {state: total(scrape, state) for state in STATES}
        figures["in_flight"] = int(scrape.value("pillion_log_agent_records_in_flight"))
        if not balances(figures):
            truth.faults.append(f"the ledger does not balance: {figures}")


def total(scrape: Scrape, state: str) -> int:
    """Return what a ledger says of a state, whatever the reason."""
    name = "pillion_log_agent_records_total"
    found = [labels for labels in scrape.labels(name) if labels["state"] == state]
    return sum(int(scrape.value(name, **labels)) for labels in found)


def lines(path: Path) -> list[str]:
    """Return the lines of a file, none where it is not there."""
    # Not `splitlines`, which also takes other characters for the end of a line.
    return path.read_text("utf-8", "replace").split("\n")[:-1] if path.exists() else []
