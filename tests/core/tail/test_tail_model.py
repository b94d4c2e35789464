"""Any sequence of writing, rotating, reading and restarting, against a model; no processes."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pillion.tail import Chunk
from pillion.tail.checkpoint.format import decode
from tests.core.tail.conftest import Bench

NAME = "a.log"
PAYLOADS = st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"\0"))


class Written:
    """What was written to one generation, and how much of it has been seen."""

    def __init__(self, number: int) -> None:
        self.tag = b"=%d=\n" % number
        self.content = b""
        self.seen_to = 0
        self.may_lose = False
        self.was_met = False


class Tailing(RuleBasedStateMachine):
    """The writer, the file system, the reader and the model in one."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="pillion-"))
        self.bench = Bench(self.directory)
        self.generations: list[Written] = []
        self.current: Written | None = None
        self.unacked: list[Chunk] = []
        self.is_up = False
        self.of_identity: dict[str, Written] = {}
        self.may_repeat = False
        self.run_to: dict[str, int] = {}

    @initialize()
    def start(self) -> None:
        self.open()

    def open(self) -> None:
        self.bench.open(NAME, state=True, chunk_bytes=1024, max_line_bytes=100, partial_flush=5.0)
        self.is_up = True

    def path_is_there(self) -> bool:
        return self.current is not None

    def create(self) -> Written:
        if self.current is None:
            self.current = Written(len(self.generations))
            self.generations.append(self.current)
        return self.current

    @rule(lines=st.lists(PAYLOADS, min_size=1, max_size=8), is_ended=st.booleans())
    def append(self, *, lines: list[bytes], is_ended: bool) -> None:
        generation = self.create()
        data = b"\n".join(lines) + (b"\n" if is_ended else b"")
        if not generation.content:
            data = generation.tag + data
        generation.content += data
        self.bench.append(NAME, data)

    @rule(count=st.integers(1, 40))
    def append_many(self, count: int) -> None:
        self.append(lines=[b"line %d" % number for number in range(count)], is_ended=True)

    def shift(self) -> None:
        numbers = [int(path.suffix[1:]) for path in self.directory.glob(f"{NAME}.*")]
        for number in sorted(numbers, reverse=True):
            self.bench.rename(f"{NAME}.{number}", f"{NAME}.{number + 1}")

    @precondition(path_is_there)
    @rule()
    def rename(self) -> None:
        assert self.current is not None
        if not self.current.was_met:
            # One that comes and goes between two looks is found when the next one comes.
            self.look()
        self.shift()
        self.bench.rename(NAME, f"{NAME}.1")
        self.current = None

    @precondition(lambda self: self.current is not None and self.current.content)
    @rule()
    def copytruncate(self) -> None:
        assert self.current is not None
        # A generation that appears and is copied away between two looks, in an inode that was
        # empty at the first, leaves no trace: the documentation names it.
        self.look()
        self.shift()
        self.bench.copytruncate(NAME, f"{NAME}.1")
        self.current = Written(len(self.generations))
        self.generations.append(self.current)

    @precondition(path_is_there)
    @rule()
    def delete(self) -> None:
        # A copy whose original is gone cannot be told from another file: it is read again.
        self.may_repeat |= not self.is_up
        assert self.current is not None
        self.look()
        os.unlink(self.bench.path(NAME))
        self.current.may_lose = not self.is_up
        if self.is_up:
            self.bench.clock.now += 1.1
            self.take(self.bench.tailer.step())
        self.current = None

    def look(self) -> None:
        if self.is_up:
            self.read(seconds=1.1)

    @precondition(lambda self: self.is_up)
    @rule(seconds=st.sampled_from([0.005, 0.3, 1.1, 6.0, 40.0]))
    def read(self, seconds: float) -> None:
        self.bench.clock.now += seconds
        if self.current is not None and seconds > 1:
            self.current.was_met = True
        while chunks := self.bench.tailer.step():
            self.take(chunks)

    def take(self, chunks: list[Chunk]) -> None:
        for chunk in chunks:
            self.check(chunk)
            self.unacked.append(chunk)

    def check(self, chunk: Chunk) -> None:
        generation = self.of_identity.get(chunk.identity)
        if generation is None:
            assert chunk.start == 0, "a generation begins at its beginning"
            number = int(chunk.data.split(b"=")[1])
            generation = self.of_identity[chunk.identity] = self.generations[number]
        expected = generation.content[chunk.start : chunk.end]
        assert chunk.data == expected
        assert chunk.start <= generation.seen_to, "nothing is left out"
        if not self.may_repeat:
            assert chunk.start == generation.seen_to, "nothing comes twice"
        assert chunk.start == self.run_to.get(chunk.identity, chunk.start), "all is in order"
        self.run_to[chunk.identity] = chunk.end
        generation.seen_to = max(generation.seen_to, chunk.end)

    @precondition(lambda self: self.unacked)
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        for index in reversed(range(len(self.unacked))):
            if data.draw(st.booleans()):
                self.unacked.pop(index).ack()

    @rule()
    def ack_all(self) -> None:
        while self.unacked:
            self.unacked.pop().ack()

    @precondition(lambda self: self.is_up)
    @rule()
    def stop(self) -> None:
        self.may_repeat |= bool(self.unacked)
        self.bench.close()
        self.go_down()

    @precondition(lambda self: self.is_up)
    @rule()
    def crash(self) -> None:
        self.may_repeat = True
        self.bench.crash()
        self.go_down()

    def go_down(self) -> None:
        self.unacked.clear()
        self.is_up = False
        for generation in self.generations:
            is_gone = generation is not self.current and not self.is_beside(generation)
            generation.may_lose |= is_gone

    def is_beside(self, generation: Written) -> bool:
        return any(
            path.read_bytes().startswith(generation.tag) for path in self.directory.glob(f"{NAME}*")
        )

    @precondition(lambda self: not self.is_up)
    @rule()
    def restart(self) -> None:
        self.run_to.clear()
        written = self.directory / "state" / "tail.checkpoint"
        if not written.exists() or not decode(written.read_bytes()).looked_ns:
            # Without a checkpoint only what is at the path is known to be ours.
            for generation in self.generations:
                generation.may_lose |= generation is not self.current
        self.open()

    @invariant()
    def the_ledger_balances(self) -> None:
        if self.is_up:
            ledger = self.bench.tailer.ledger
            in_flight = sum(chunk.end - chunk.start for chunk in self.unacked)
            waiting = sum(s.end - s.start for s in self.bench.tailer._settled._spans)
            assert ledger.bytes_in_flight == in_flight + waiting

    def teardown(self) -> None:
        if not self.is_up:
            self.restart()
        self.ack_all()
        for _ in range(2 * len(self.generations) + 2):
            self.read(seconds=6.0)
            self.ack_all()
        for generation in self.generations:
            if not generation.may_lose:
                assert generation.seen_to == len(generation.content)
        self.bench.close()
        shutil.rmtree(self.directory)


def test_any_sequence_is_read_as_the_model_says() -> None:
    run_state_machine_as_test(
        Tailing,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
