"""Random writing, rotation and crashes against a model: every record comes whole, under one id."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion_log_agent.multiline.lines import LineJoiner, LineShape
from pillion_log_agent.records.origin import Origin
from tests.sidecars.log_agent.joining import DATED, NOW, Notes, context_of, logs, parser, plan_of

if TYPE_CHECKING:
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt
    from tests.core.tail.conftest import Bench

STEPS = 60
DOCUMENTS = dict[tuple[str, int], str]


class Reader:
    """What the input does: joins the chunks of each file, delivers, and acknowledges at whim."""

    def __init__(self, bench: Bench, draw: random.Random) -> None:
        self._bench = bench
        self._draw = draw
        self.documents: DOCUMENTS = {}
        self.begin()

    def begin(self) -> None:
        self._bench.open(
            "a.log*", state=True, chunk_bytes=1024, in_flight_bytes=8192, max_line_bytes=1000
        )
        self._joiners: dict[str, LineJoiner] = {}
        self._unacknowledged: list[Receipt] = []

    def read(self) -> bool:
        """Take what is there, or as much as there is room for; return whether it was anything."""
        chunks = self._bench.chunks(ack=False)
        for chunk in chunks:
            joiner = self._joiners.get(chunk.identity)
            if joiner is None:
                origin = Origin("tail.0", chunk.path, chunk.identity)
                joining = plan_of([parser(*DATED)]).joining(context_of(Notes(), 1_000_000))
                joiner = self._joiners[chunk.identity] = LineJoiner(
                    joining, LineShape("log"), "t", origin
                )
            batch, receipt = joiner.take(chunk.data, chunk.start, chunk.receipt, NOW, 0.0)
            self._deliver(batch, receipt)
        return bool(chunks)

    def acknowledge(self) -> None:
        """Acknowledge some of what was delivered, in any order."""
        self._draw.shuffle(self._unacknowledged)
        while self._unacknowledged and self._draw.random() < 0.8:
            self._unacknowledged.pop().release()

    def crash(self) -> None:
        """Go on in a new process, with what the checkpoint says."""
        if self._draw.random() < 0.5:
            self._bench.tailer.save()
        self._bench.crash()
        self.begin()

    def end(self) -> None:
        """Read to the ends of all files, and deliver what is open."""
        self._acknowledge_all()
        while self.read():
            self._acknowledge_all()
        for joiner in self._joiners.values():
            given_up = joiner.give_up(None, "stop")
            if given_up is not None:
                self._deliver(*given_up)
        self._acknowledge_all()

    def _acknowledge_all(self) -> None:
        while self._unacknowledged:
            self._unacknowledged.pop().release()

    def _deliver(self, batch: Batch, receipt: Receipt) -> None:
        for offset, text in zip(batch.offsets, logs(batch), strict=True):
            # A file that no checkpoint knew before a crash may be another generation after it.
            device, inode, _, first_line = batch.origin.identity.split("-")
            known = self.documents.setdefault((device + inode + first_line, offset), text)
            assert known == text, "what comes again is the same"
        if len(batch):
            self._unacknowledged.append(receipt)
        else:
            receipt.release()


@pytest.mark.parametrize("seed", range(12))
def test_every_record_comes_whole_and_under_one_id(bench: Bench, seed: int) -> None:
    draw = random.Random(seed)
    reader = Reader(bench, draw)
    expected: list[str] = []
    number = rotations = 0
    is_fresh = True
    for _ in range(STEPS):
        lines = []
        for _ in range(draw.randint(0, 30)):
            number += 1
            if is_fresh or draw.random() < 0.3:
                expected.append(f"2026-{number} {'x' * draw.randint(0, 80)}\n")
                lines.append(expected[-1])
                is_fresh = False
            else:
                lines.append(f" {number}\n")
                expected[-1] += lines[-1]
        bench.append("a.log", "".join(lines).encode())
        doing = draw.random()
        if doing < 0.6:
            reader.read()
            reader.acknowledge()
        if doing < 0.1:
            reader.crash()
        elif doing > 0.95 and Path(bench.path("a.log")).stat().st_size:
            reader.read()
            rotations += 1
            bench.rename("a.log", f"a.log.{rotations}")
            is_fresh = True
    reader.end()
    assert sorted(reader.documents.values()) == sorted(expected)
    assert bench.chunks() == []
    assert bench.tailer.ledger.bytes_in_flight == 0
