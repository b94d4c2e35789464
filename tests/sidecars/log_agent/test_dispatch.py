"""Dispatch to an output that fails in ways that it should not."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from pillion.errors import TransientError
from pillion_log_agent.outputs.output import TAKEN, Outcome, Rejection
from pillion_log_agent.pipeline.dispatch import WRITE_BYTES, RetryPolicy
from tests.sidecars.log_agent.dispatching import Collecting, Desk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pillion_log_agent.records.batch import Batch

COUNT = 50


class Stumbling(Collecting):
    """An output with a fault of its own: it cannot bear a record with `bad` in it."""

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        bodies = [body for batch in batches for body in batch.bodies()]
        if any("bad" in body for body in bodies):
            raise KeyError("bad")
        self.taken += bodies
        return TAKEN


async def test_a_record_at_which_an_output_fails_is_put_aside_and_the_rest_is_not(
    tmp_path: Path,
) -> None:
    output = Stumbling()
    desk = Desk(output, letters=tmp_path / "letters")
    records = [{"log": "bad" if number == 17 else f"good {number}"} for number in range(COUNT)]
    desk.put(COUNT, records=records)
    async with desk.at_work():
        await desk.until_settled("batch")
    assert len(output.taken) == COUNT - 1
    lines = (tmp_path / "letters").read_text().splitlines()
    (letter,) = [json.loads(line) for line in lines]
    assert (letter["reason"], letter["offset"], letter["record"]["log"]) == ("error", 17, "bad")
    ledger = desk.ledger
    assert (ledger.delivered, ledger.rejected["error"], ledger.in_flight) == (COUNT - 1, 1, 0)
    assert desk.log.getvalue().count("an output fails at a record") == 1


class Scripted(Collecting):
    """Answers each write as it is told, and takes all from then on."""

    delay = True

    def __init__(self, *answers: Outcome | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.writes: list[list[int]] = []

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        self.writes.append([len(each) for each in batches])
        answer = self.answers.pop(0) if self.answers else TAKEN
        if isinstance(answer, Exception):
            raise answer
        return answer


QUICK = RetryPolicy(base=0.001, cap=0.002)
BUSY = TransientError("it is busy", reason="busy")


@pytest.mark.parametrize(
    ("attempt", "after", "drawn", "seconds"),
    [
        (1, None, 1.0, 2.0),
        (1, None, 0.0, 1.0),
        (2, None, 1.0, 4.0),
        (3, None, 0.5, 6.0),
        (6, None, 1.0, 50.0),
        (10_000, None, 1.0, 50.0),
        (1, 7.0, 1.0, 7.0),
        (6, 7.0, 1.0, 50.0),
        (1, 3600.0, 1.0, 300.0),
    ],
)
def test_a_wait_doubles_up_to_its_cap_and_is_no_shorter_than_was_asked(
    attempt: int, after: float | None, drawn: float, seconds: float
) -> None:
    assert RetryPolicy(None, 2.0, 50.0).wait(attempt, after, lambda: drawn) == seconds


async def test_what_is_to_be_sent_again_goes_out_alone_and_is_acknowledged_with_the_rest() -> None:
    output = Scripted(Outcome(again=[(0, 1), (1, 0), (1, 2)], cause="busy"))
    desk = Desk(output, policy=QUICK, flush=0.01)
    desk.put(2, "first")
    desk.put(3, "second")
    desk.put(1, "third")
    async with desk.at_work():
        await desk.until_settled("third", "first", "second")
    assert output.writes == [[2, 3, 1], [1, 2]]
    assert desk.settled[0] == "third", "nothing of it was to be sent again"
    figures = desk.dispatcher.figures
    assert (figures.records, figures.retries, figures.retried, figures.errors) == (6, 1, 3, 0)
    assert (desk.ledger.delivered, desk.ledger.in_flight) == (6, 0)
    assert desk.dispatcher.is_idle


async def test_a_write_that_fails_as_a_whole_is_made_again_until_it_is_taken() -> None:
    output = Scripted(BUSY, BUSY, BUSY)
    desk = Desk(output, policy=QUICK)
    desk.put(4)
    async with desk.at_work():
        await desk.until_settled("batch")
    figures = desk.dispatcher.figures
    assert output.writes == [[4]] * 4
    assert (figures.errors, figures.retries, figures.retried, figures.records) == (3, 3, 12, 4)
    assert figures.failed == 0
    assert (desk.outage.last_error, desk.outage.failures) == (None, 3)
    assert "output out takes records again" in desk.log.getvalue()


@pytest.mark.parametrize("limit", [0, 1, 3])
async def test_a_batch_is_put_aside_after_as_many_retries_as_it_may_have(
    tmp_path: Path, limit: int
) -> None:
    output = Scripted(*[BUSY] * (limit + 1))
    desk = Desk(
        output, letters=tmp_path / "letters", policy=RetryPolicy(limit, base=0.001, cap=0.002)
    )
    desk.put(2)
    async with desk.at_work():
        await desk.until_settled("batch")
    assert output.writes == [[2]] * (limit + 1)
    letters = [json.loads(line) for line in (tmp_path / "letters").read_text().splitlines()]
    assert [(each["reason"], each["detail"]) for each in letters] == [("retries", "it is busy")] * 2
    figures = desk.dispatcher.figures
    assert (figures.failed, figures.rejected, figures.records, figures.retries) == (1, 2, 0, limit)
    assert (desk.ledger.rejected["retries"], desk.ledger.in_flight) == (2, 0)
    assert "no retry is left" in desk.log.getvalue() or limit > 0


async def test_a_refused_record_is_put_aside_once_though_another_is_sent_again(
    tmp_path: Path,
) -> None:
    output = Scripted(Outcome([Rejection(0, 0, "400", "no")], [(0, 2)]))
    desk = Desk(output, letters=tmp_path / "letters", policy=QUICK)
    desk.put(3)
    async with desk.at_work():
        await desk.until_settled("batch")
    assert output.writes == [[3], [1]]
    figures = desk.dispatcher.figures
    assert (figures.records, figures.rejected) == (2, 1)
    assert (desk.ledger.delivered, desk.ledger.rejected) == (2, {"400": 1})
    assert len((tmp_path / "letters").read_text().splitlines()) == 1


async def test_a_write_holds_a_mebibyte_at_most_save_where_one_batch_is_larger() -> None:
    output = Scripted()
    desk = Desk(output, flush=60.0)
    third = WRITE_BYTES // 3
    for name, size in (("a", third), ("b", third), ("c", third), ("d", WRITE_BYTES * 2)):
        desk.put(1, name, size=size)
    desk.put(1, "e", size=third)
    async with desk.at_work():
        desk.dispatcher.drain()
        await desk.until_settled("a", "b", "c", "d", "e")
    assert output.writes == [[1, 1, 1], [1], [1]]


async def test_a_full_write_does_not_wait_for_the_flush_interval() -> None:
    output = Scripted()
    desk = Desk(output, flush=60.0)
    async with desk.at_work():
        desk.put(1, "small")
        for _ in range(20):  # long enough for the worker to begin, and to write if it would
            await asyncio.sleep(0)
        assert output.writes == []
        desk.put(1, "large", size=WRITE_BYTES)
        await desk.until_settled("small")
    assert output.writes[0] == [1]


async def test_a_batch_waits_for_company_as_long_as_the_flush_interval_and_no_longer() -> None:
    output = Scripted()
    desk = Desk(output, flush=0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    desk.put(1, "one")
    desk.put(1, "two")
    async with desk.at_work():
        await desk.until_settled("one", "two")
    assert output.writes == [[1, 1]]
    assert loop.time() - began >= 0.05


async def test_company_that_keeps_coming_does_not_put_a_write_off() -> None:
    output = Scripted()
    desk = Desk(output, flush=0.2)
    async with desk.at_work():
        for number in range(400):
            desk.put(1, f"batch {number}")
            await asyncio.sleep(0.01)
            if output.writes:
                break
    assert output.writes, "the oldest batch says when it is due"


async def test_the_end_cuts_a_wait_short_down_to_what_was_asked_for() -> None:
    output = Scripted(TransientError("later", reason="429", after=0.1))
    desk = Desk(output, policy=RetryPolicy(base=300.0, cap=600.0))
    loop = asyncio.get_running_loop()
    desk.put(1)
    async with desk.at_work():
        while not output.writes:
            await asyncio.sleep(0.001)
        began = loop.time()
        desk.dispatcher.drain()
        await desk.until_settled("batch")
    assert 0.05 <= loop.time() - began < 5
