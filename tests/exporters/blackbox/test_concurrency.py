"""The queue of probes, and the history of them."""

from __future__ import annotations

import asyncio
import io

import pytest

from pillion.log import Logger
from pillion_blackbox_exporter.configuration import Module
from pillion_blackbox_exporter.probing.log import LINE_LIMIT, ProbeLog
from pillion_blackbox_exporter.probing.report import Report
from pillion_blackbox_exporter.probing.trace import PHASE_LIMIT, Trace
from pillion_blackbox_exporter.runner.run import Result
from pillion_blackbox_exporter.service.concurrency import (
    QUEUE_FACTOR,
    ConcurrencyLimit,
    LimitReachedError,
)
from pillion_blackbox_exporter.service.history import History


async def test_places_are_given_out_in_order() -> None:
    limit = ConcurrencyLimit(1)
    order: list[int] = []

    async def work(number: int) -> None:
        await limit.acquire(10)
        order.append(number)
        await asyncio.sleep(0)
        limit.release()

    await asyncio.gather(*(work(number) for number in range(4)))
    assert order == [0, 1, 2, 3]
    assert (limit.taken, limit.waiting) == (0, 0)
    assert limit.is_empty.is_set()


async def test_who_waits_too_long_gets_none_and_leaves_the_queue() -> None:
    limit = ConcurrencyLimit(1)
    await limit.acquire(1)
    with pytest.raises(LimitReachedError):
        await limit.acquire(0.01)
    assert limit.waiting == 0
    limit.release()
    await limit.acquire(0)


async def test_who_finds_a_long_queue_gets_none_at_once() -> None:
    limit = ConcurrencyLimit(1)
    await limit.acquire(1)
    waiting = [asyncio.create_task(limit.acquire(10)) for _ in range(QUEUE_FACTOR)]
    await asyncio.sleep(0)
    with pytest.raises(LimitReachedError):
        await limit.acquire(10)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert limit.waiting == 0


async def test_a_place_that_is_handed_to_someone_who_goes_away_is_not_lost() -> None:
    limit = ConcurrencyLimit(1)
    await limit.acquire(1)
    waiting = asyncio.create_task(limit.acquire(10))
    await asyncio.sleep(0)
    limit.release()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert limit.taken == 0
    await limit.acquire(0)


def result(*, success: bool) -> Result:
    return Result(success, Report(), Trace(), ProbeLog(Logger(stream=io.StringIO())))


def filled(history: History, outcomes: str) -> History:
    """Add a probe for each letter: `s` for one that succeeded, `f` for one that failed."""
    for number, outcome in enumerate(outcomes):
        history.add(0, "m", Module("http"), f"t{number}", result(success=outcome == "s"))
    return history


def test_the_history_keeps_the_newest_and_the_failed_ones_longer() -> None:
    history = filled(History(2), "fssfss")
    assert [entry.id for entry in history.newest_first()] == [5, 4, 3, 0]


def test_the_history_is_bounded() -> None:
    history = filled(History(3), "f" * 20)
    assert len(list(history.newest_first())) == 6


def test_a_history_of_nothing_keeps_nothing() -> None:
    assert list(filled(History(0), "sf").newest_first()) == []


def test_the_last_probe_of_a_target_is_found() -> None:
    history = filled(History(5), "ss")
    history.add(0, "other", Module("tcp"), "t0", result(success=False))
    newest, by_module = history.last_of("t0"), history.last_of("t0", "m")
    assert newest is not None
    assert by_module is not None
    assert (newest.id, by_module.id) == (2, 0)
    assert history.last_of("nope") is None
    assert history.by_id(7) is None


def test_a_trace_adds_up_phases_and_is_bounded() -> None:
    now = [0.0]
    trace = Trace(lambda: now[0])
    for _ in range(3):
        trace.begin("connect")
        now[0] += 0.5
        trace.begin("tls")
        now[0] += 0.25
    trace.finish()
    assert (trace.total("connect"), trace.total("tls")) == (1.5, 0.75)
    assert trace.totals() == {"connect": 1.5, "tls": 0.75}
    assert trace.duration == 2.25
    for _ in range(1000):
        trace.begin("x")
    assert len(trace.phases) == PHASE_LIMIT


def test_the_first_failure_counts() -> None:
    trace = Trace()
    trace.begin("connect")
    trace.fail("refused", "first")
    trace.fail("timeout", "second")
    assert trace.failure is not None
    assert (trace.failure.phase, trace.failure.sentence) == ("connect", "first")


def test_the_lines_of_a_probe_are_bounded() -> None:
    lines = ProbeLog(Logger(stream=io.StringIO()), "error")
    for _ in range(2 * LINE_LIMIT):
        lines.debug("x", line="y" * 5000)
    assert len(lines.lines) == LINE_LIMIT
    assert len(lines.text()) < LINE_LIMIT * 1100
