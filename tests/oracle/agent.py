"""The oracle over the log agent: its whole process, before a sink that is out of order at random.

    python -m tests.oracle.agent SEED [--operations 120]
    python -m tests.oracle.agent --minutes 30

Files are written, rotated, cut and deleted as around the tail engine alone; the agent is killed
(also at each system call that makes a checkpoint, a dead letter or an output file safe), stopped and
reloaded meanwhile, and the sink refuses, resets, lies, is late and is away. Every line must
arrive, as a document or in the dead-letter file (and in the output file, where there is one);
none under two ids; and the ledger must be even whenever it is looked at.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.oracle.agent_process import AgentProcess
from tests.oracle.arriving import Judge
from tests.oracle.run import Oracle, run_in
from tests.oracle.searching import OPERATIONS, search
from tests.servers.bulk_sink import Sink, bulk_sink

if TYPE_CHECKING:
    import random

    from tests.oracle.life import Life

CONFIGURATION = """
service: {{flush: {flush}, scheduler.base: 0.02, scheduler.cap: 0.2}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/a.log,{folder}/link.log
      db: {folder}/positions
      read_from_head: true
      partial_flush: 0.2
      rotate_wait: 1
      refresh_interval: 0.5
      mem_buf_limit: {buffer}
{parser}
{input}
  filters:
{filters}
  outputs:
    - {{name: es, match: '*', host: 127.0.0.1, port: {port}, index: logs, compress: {compress}}}
{output}
"""
DYING, LATEST_SAVE = 0.4, 40
"""How many of its lives end at a save point, and which one that is at the latest."""
PARSERS = ("", "parser: json", "multiline.parser: cri", "multiline.parser: docker, cri")
"""None of these finds anything in what is written here: each line comes as it is."""
PLACE = "      offset_key: at\n      path_key: path"
GREP = "    - {name: grep, match: '*', exclude: 'log ^1 '}"
FIELD = "    - {name: record_modifier, match: '*', record: 'host here'}"
FILE = "    - {{name: file, match: '*', path: {folder}, file: written, format: plain}}"


class Sinking:
    """The agent's surroundings: its configuration, drawn once, and the faults of its sink."""

    def __init__(self, oracle: Oracle, sink: Sink) -> None:
        self._oracle = oracle
        self._sink = sink
        draw = oracle.random
        self._has_file = draw.random() < 0.5
        self._parser = draw.choice(PARSERS)
        self._filters = [each for each in (GREP, FIELD) if draw.random() < 0.5]
        self._buffer = draw.choice(["64k", "1M", "8M"])
        self._compress = draw.choice(["gzip", "off"])
        self.judge = Judge(oracle.truth, self.is_filtered)
        self.configure()
        oracle.writer.weighted += [(self.misbehave, 14), (self.reload, 3), (self.flood, 2)]

    def is_filtered(self, text: str) -> bool:
        return GREP in self._filters and text.startswith("1 ")

    def configure(self) -> None:
        """Write the configuration; each time it flushes at another pace."""
        folder = self._oracle.directory
        text = CONFIGURATION.format(
            folder=folder,
            port=self._sink.port,
            flush=self._oracle.random.choice([0.02, 0.1, 0.5]),
            buffer=self._buffer,
            compress=self._compress,
            parser=f"      {self._parser}",
            input=PLACE if self._has_file else "",
            filters="\n".join(self._filters),
            output=FILE.format(folder=folder) if self._has_file else "",
        )
        text = text.replace(", compress: off", "").replace("  filters:\n\n", "")
        (folder / "agent.yaml").write_text(text)

    def begin(self, oracle: Oracle) -> Life:
        folder, draw = oracle.directory, oracle.random
        die_at = draw.randint(1, LATEST_SAVE) if draw.random() < DYING else 0
        return AgentProcess(
            folder, oracle.state, self._sink, self.judge, oracle.evidence, die_at=die_at
        )

    def misbehave(self) -> None:
        """Have the sink do a few things that it should not."""
        draw = self._oracle.random
        self._sink.fail(*[fault(draw) for _ in range(draw.randint(1, 6))])

    def flood(self) -> None:
        """Write more than may be in flight."""
        writer = self._oracle.writer
        line = b"%d " % self._oracle.random.randint(2, 9) + b"f" * 8000 + b"\n"
        writer.append(writer.log, line * self._oracle.random.randint(1, 300))

    def reload(self) -> None:
        """Have the agent take up another configuration, if it is there."""
        self.configure()
        reader = self._oracle.reader
        if isinstance(reader, AgentProcess):
            reader.reload()


def fault(draw: random.Random) -> dict[str, Any]:
    """Draw one thing that a sink may do wrong."""
    faults: list[dict[str, Any]] = [
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 400},
        {"kind": "items", "status": 429, "every": draw.randint(1, 9)},
        {"kind": "items", "status": 400, "every": draw.randint(2, 50)},
        {"kind": "close", "after": draw.randint(0, 80)},
        {"kind": "reset", "after": draw.randint(0, 80)},
        {"kind": "lose"},
        {"kind": "lie", "keep": draw.randint(0, 3)},
        {"kind": "slow", "seconds": draw.random() / 2},
        {"kind": "down", "seconds": draw.random() / 2},
    ]
    return draw.choice(faults)


def surround(oracle: Oracle, sink: Sink) -> None:
    """Put the agent in the place of the bare reader."""
    oracle.state = oracle.directory / "positions.pillion"
    oracle.begin = Sinking(oracle, sink).begin
    oracle.patience = 60.0


def run(seed: int, operations: int = OPERATIONS) -> list[str]:
    """Run one seed; return what was wrong, with the directory of the evidence first."""
    directory = Path(tempfile.mkdtemp(prefix=f"pillion-agent-oracle-{seed}-"))
    with bulk_sink() as sink:
        oracle = Oracle(seed, directory)
        surround(oracle, sink)
        return run_in(oracle, seed, operations)


if __name__ == "__main__":
    sys.exit(search(__doc__, run))
