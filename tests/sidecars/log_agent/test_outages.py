"""What an output that is down says: at once, every minute, with the next attempt, and at its end."""

from __future__ import annotations

import asyncio
import io
import re
import socket
import time
from typing import TYPE_CHECKING

import pytest

from pillion.errors import TransientError
from pillion.log import Logger
from pillion_log_agent.pipeline.outage import Outage
from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.bulk_wire import batch, output
from tests.sidecars.log_agent.dispatching import Collecting, Desk
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.test_delivery import configured, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome
    from pillion_log_agent.records.batch import Batch

MINUTE = 60.0
START = 1_795_255_200_000_000_000


class Time:
    """Both clocks, in the test's hands."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def wall_ns(self) -> int:
        return START + round((self.now - 100.0) * 1e9)


@pytest.fixture
def at() -> Time:
    return Time()


def outage(at: Time, log: io.StringIO) -> Outage:
    return Outage("es.0", Logger(stream=log), clock=at.clock, wall_ns=at.wall_ns)


def test_it_is_said_at_once_and_then_every_minute_with_how_often_and_since_when(at: Time) -> None:
    log = io.StringIO()
    one = outage(at, log)
    for attempt in range(1, 62):
        one.fail("127.0.0.1:9200 cannot be reached: connection refused")
        one.remind(attempt, 2.0)
        at.now += 2.0
    first, second, third = log.getvalue().splitlines()
    assert (
        'level=warn msg="output es.0 failed (127.0.0.1:9200 cannot be reached: connection refused),'
        ' retry 1 in 2s" failures=1 since=2026-11-21T10:00:00.000Z' in first
    )
    assert "retry 31 in 2s" in second
    assert "failures=31 since=2026-11-21T10:00:00.000Z" in second
    assert "failures=61" in third


def test_it_tells_when_the_next_line_is_due_so_that_a_long_wait_does_not_hide_it(at: Time) -> None:
    log = io.StringIO()
    one = outage(at, log)
    one.fail("busy")
    assert one.remind(1, 300.0) == MINUTE
    at.now += 50.0
    assert one.remind(1, 250.0) == 10.0
    assert len(log.getvalue().splitlines()) == 1


def test_its_end_is_said_with_how_long_it_took_and_the_next_one_begins_anew(at: Time) -> None:
    log = io.StringIO()
    one = outage(at, log)
    one.end()
    assert log.getvalue() == "", "there was none"
    for _ in range(2):
        one.fail("busy")
        one.remind(1, 1.0)
        at.now += 90.0
        one.end()
        assert one.last_error is None
    lines = log.getvalue().splitlines()
    assert 'msg="output es.0 takes records again" failures=1 after=1m30s' in lines[1]
    assert "since=2026-11-21T10:01:30.000Z" in lines[2]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.123, "120ms"), (3.456, "3.46s"), (10.0, "10s"), (10.4, "10s"), (75.6, "1m16s")],
)
def test_a_time_is_said_as_exactly_as_it_matters(at: Time, seconds: float, shown: str) -> None:
    log = io.StringIO()
    one = outage(at, log)
    one.fail("busy")
    one.remind(1, seconds)
    at.now += seconds
    one.end()
    assert f"retry 1 in {shown}" in log.getvalue()
    assert log.getvalue().endswith(f" after={shown}\n")


def test_records_that_are_given_up_are_counted_in_one_line_a_minute(at: Time) -> None:
    log = io.StringIO()
    one = outage(at, log)
    for _ in range(3):
        one.fail("busy")
        one.give_up(10)
        at.now += 30.0
    first, second = log.getvalue().splitlines()
    assert 'msg="output es.0 failed (busy), no retry is left"' in first
    assert first.endswith("given_up=10")
    assert second.endswith("given_up=30")


class Down(Collecting):
    async def write(self, batches: Sequence[Batch]) -> Outcome:
        raise TransientError("it is down", reason="down", after=300.0)


async def test_an_output_is_spoken_of_while_it_waits_for_one_late_attempt() -> None:
    desk = Desk(Down(), remind_every=0.02)
    desk.put(3)
    async with desk.at_work(), asyncio.timeout(10):
        while desk.log.getvalue().count("retry 1 in") < 3:
            await asyncio.sleep(0.005)
    assert desk.outage.failures == 1
    assert "failed (it is down), retry 1 in 5m" in desk.log.getvalue()


async def test_a_refused_connection_is_told_in_the_systems_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        one = output(port)
        with pytest.raises(TransientError) as caught:
            await one.write([batch()])
        await one.close()
    assert str(caught.value) == f"http://127.0.0.1:{port} cannot be reached: connection refused"


async def test_a_host_with_several_addresses_is_told_so_once() -> None:
    one = output(1, host="localhost")
    with pytest.raises(
        TransientError, match=r"^http://localhost:1 cannot be reached: connection refused$"
    ):
        await one.write([batch()])
    await one.close()


def test_the_whole_agent_says_what_fails_and_what_it_does_about_it(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = configured(tmp_path, sink)
    configuration.write_text(configuration.read_text().replace(str(sink.port), "1"))
    with agent(configuration, "--drain.timeout=1s") as running:
        write(tmp_path / "logs" / "a.log", range(3))
        found = running.started.wait_for_log(r"output es\.0 failed .*")
        assert re.fullmatch(
            r"output es\.0 failed \(http://127\.0\.0\.1:1 cannot be reached: connection refused\), "
            r'retry 1 in \d+ms" output=es\.0 failures=1 since=20\S+Z\s*',
            found[0],
        )
        began = time.monotonic()
        while running.started.get("/-/ready").status != 503:
            assert time.monotonic() - began < 10
        assert (
            "output es.0 failed: http://127.0.0.1:1 cannot" in running.started.get("/-/ready").text
        )
