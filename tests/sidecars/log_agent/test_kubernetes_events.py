"""The input kubernetes_events, before a stand-in for the API server."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion_log_agent.configuration.shared import InputProperties
from pillion_log_agent.inputs.input import Handover, InputContext
from pillion_log_agent.inputs.kubernetes_events import input as at_work
from pillion_log_agent.inputs.kubernetes_events.event import time_of
from pillion_log_agent.inputs.kubernetes_events.input import KubernetesEventsInput
from pillion_log_agent.inputs.kubernetes_events.properties import KubernetesEventsProperties
from pillion_log_agent.multiline.combine import MultilineContext
from tests.servers.kubernetes_api import kubernetes_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt
    from tests.servers.kubernetes_api import KubernetesApi

NOW = 1_795_514_400_000_000_000
"""10:00:00 on 24 November 2026."""


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_work, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(at_work, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(at_work, "KEEP_EVERY", 0.01)


class Intake:
    """Takes batches; what it took is delivered at once, or when the test says so."""

    def __init__(self, *, holds: bool = False) -> None:
        self.holds = holds
        self.batches: list[Batch] = []
        self.receipts: list[Receipt] = []

    def take(self, batch: Batch, receipt: Receipt) -> None:
        self.batches.append(batch)
        if self.holds:
            self.receipts.append(receipt)
        else:
            receipt.release()

    def drop(self, records: int, reason: str) -> None:
        raise AssertionError(f"{records} were dropped: {reason}")

    def names(self) -> list[str]:
        return [each["metadata"]["name"] for batch in self.batches for each in batch.records()]


class Run:
    """An input at work."""

    def __init__(self, made: KubernetesEventsInput, intake: Intake, log: io.StringIO) -> None:
        self.input, self.intake, self.log = made, intake, log


@asynccontextmanager
async def running(
    api: KubernetesApi, folder: Path | None = None, intake: Intake | None = None, **more: Any
) -> AsyncIterator[Run]:
    log = io.StringIO()
    properties = KubernetesEventsProperties(
        kube_url=f"http://127.0.0.1:{api.port}",
        kube_token_file="/nonexistent",
        db=str(folder / "events.db") if folder else None,
        **more,
    )
    context = InputContext(
        "kubernetes_events.0", Logger(stream=log), _no_parser, lambda _: False, lambda: NOW, None,
        1024 * 1024, Handover(), MultilineContext(), lambda _: None, lambda: None,
    )  # fmt: skip
    made = KubernetesEventsInput(properties, InputProperties(tag="k8s"), context)
    made.prepare()
    run = Run(made, intake or Intake(), log)
    task = asyncio.create_task(made.run(run.intake))
    try:
        yield run
    finally:
        made.stop(is_last=True)
        await task
        made.close()


def _no_parser(name: str) -> Any:
    raise ConfigurationError(f"there is no parser {name}")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)


async def test_what_there_is_comes_and_then_what_happens() -> None:
    async with kubernetes_api() as api:
        for number in range(5):
            api.events.happen(f"e{number}", lastTimestamp="2026-11-24T09:59:58Z")
        async with running(api, kube_request_limit=2) as run:
            await until(lambda: api.events.watches == 1)
            assert run.intake.names() == ["e0", "e1", "e2", "e3", "e4"]
            api.events.happen("e5")
            await until(lambda: len(run.intake.names()) == 6)
    first = run.intake.batches[0]
    assert first.tag == "k8s"
    assert first.times.nanoseconds()[0] == NOW - 2_000_000_000
    assert first.records()[0]["reason"] == "Scheduled"
    assert [verb for verb, _ in api.asked] == ["list", "list", "list", "watch"]


async def test_each_change_comes_once_over_watches_that_end_and_expire() -> None:
    async with kubernetes_api() as api:
        api.events.happen("a")
        async with running(api) as run:
            await until(lambda: api.events.watches == 1)
            api.events.happen("a", kind="MODIFIED", count=2)
            api.events.happen("gone", kind="DELETED")
            api.events.end_watches()
            await until(lambda: api.verbs().count("watch") == 2 and api.events.watches == 1)
            api.events.happen("b")
            await until(lambda: "b" in run.intake.names())
            # What the next watch begins behind is no longer known.
            api.events.pass_by()
            api.events.compact()
            api.gone = 1
            api.events.end_watches()
            await until(lambda: api.verbs().count("list") == 2 and api.events.watches == 1)
            api.events.happen("c")
            await until(lambda: "c" in run.intake.names())
    assert run.intake.names() == ["a", "a", "b", "c"]


async def test_bookmarks_keep_the_position_fresh_where_nothing_happens(tmp_path: Path) -> None:
    async with kubernetes_api() as api, running(api, tmp_path):
        await until(lambda: api.events.watches == 1)
        api.events.pass_by(50)
        position = tmp_path / "events.db.pillion/position"
        await until(lambda: position.exists() and str(api.events.version) in position.read_text())


async def test_a_restart_goes_on_behind_what_was_delivered(tmp_path: Path) -> None:
    async with kubernetes_api() as api:
        api.events.happen("a")
        async with running(api, tmp_path) as run:
            await until(lambda: run.intake.names() == ["a"] and api.events.watches == 1)
        api.events.happen("b", lastTimestamp="2026-11-24T01:00:00Z")
        async with running(api, tmp_path) as run:
            await until(lambda: api.verbs().count("watch") == 2)
            assert run.intake.names() == ["b"]


async def test_what_no_output_has_taken_comes_again(tmp_path: Path) -> None:
    async with kubernetes_api() as api:
        api.events.happen("a")
        async with running(api, tmp_path) as run:
            await until(lambda: run.intake.names() == ["a"] and api.events.watches == 1)
        held = Intake(holds=True)
        async with running(api, tmp_path, held):
            await until(lambda: api.verbs().count("watch") == 2)
            api.events.happen("b")
            api.events.happen("c")
            await until(lambda: held.names() == ["b", "c"])
            # The later one alone moves nothing.
            held.receipts[1].release()
        async with running(api, tmp_path) as run:
            await until(lambda: run.intake.names() == ["b", "c"])


async def test_a_list_that_expires_between_two_pages_repeats_nothing() -> None:
    async with kubernetes_api() as api:
        for number in range(4):
            api.events.happen(f"e{number}")
        api.gone = 1
        async with running(api, kube_request_limit=2) as run:
            await until(lambda: api.events.watches == 1)
    assert run.intake.names() == ["e0", "e1", "e2", "e3"]


async def test_old_events_are_left_out_at_the_first_start_only() -> None:
    async with kubernetes_api() as api:
        api.events.happen("old", lastTimestamp="2026-11-24T08:59:59Z")
        api.events.happen("young", lastTimestamp="2026-11-24T09:00:01Z")
        async with running(api) as run:
            await until(lambda: api.events.watches == 1)
            api.events.happen("late", lastTimestamp="2026-11-24T01:00:00Z")
            await until(lambda: len(run.intake.names()) == 2)
    assert run.intake.names() == ["young", "late"]


async def test_one_namespace_alone_is_asked_for() -> None:
    async with kubernetes_api() as api:
        api.events.happen("a", namespace="shop")
        api.events.happen("b")
        async with running(api, kube_namespace="shop") as run:
            await until(lambda: api.events.watches == 1)
            api.events.happen("c", namespace="shop")
            await until(lambda: run.intake.names() == ["a", "c"])
    assert all(path.startswith("/api/v1/namespaces/shop/events?") for _, path in api.asked)


async def test_a_cluster_that_was_restored_is_read_from_its_beginning(tmp_path: Path) -> None:
    async with kubernetes_api() as api:
        api.events.happen("a")
        async with running(api, tmp_path) as run:
            await until(lambda: run.intake.names() == ["a"] and api.events.watches == 1)
    async with kubernetes_api() as api:
        api.events.version = 10
        api.events.happen("b")
        async with running(api, tmp_path) as run:
            await until(lambda: run.intake.names() == ["b"] and api.events.watches == 1)
        assert "as after a restore" in run.log.getvalue()
        async with running(api, tmp_path) as run:
            await until(lambda: api.verbs().count("watch") == 2)
            assert run.intake.names() == []


async def test_an_account_that_may_not_list_is_said_and_asked_again() -> None:
    async with kubernetes_api() as api:
        api.events.happen("a")
        api.forbidden = {"list"}
        async with running(api) as run:
            await until(lambda: "give it list and watch of events" in run.log.getvalue())
            api.forbidden = set()
            await until(lambda: run.intake.names() == ["a"])


async def test_a_server_that_is_away_is_asked_again() -> None:
    async with kubernetes_api() as api:
        port = api.port
    async with running(api) as run:
        await until(lambda: "tried again" in run.log.getvalue())
        async with kubernetes_api(port=port) as back:
            back.events.happen("a")
            await until(lambda: run.intake.names() == ["a"])


async def test_reading_waits_while_outputs_take_nothing() -> None:
    async with kubernetes_api() as api:
        held = Intake(holds=True)
        async with running(api, intake=held):
            await until(lambda: api.events.watches == 1)
            for number in range(3000):
                api.events.happen(f"e{number}", message="x")
            await until(lambda: len(held.receipts) > 1000)
            before = len(held.receipts)
            for _ in range(20):
                await asyncio.sleep(0.005)
            assert len(held.receipts) - before < 100
            held.holds = False
            for receipt in held.receipts:
                receipt.release()
            await until(lambda: len(held.names()) == 3000)
    assert held.names() == [f"e{number}" for number in range(3000)]


@pytest.mark.parametrize(
    ("found", "time"),
    [
        ({"lastTimestamp": "2026-11-24T10:00:00Z", "firstTimestamp": "2026-11-24T09:00:00Z"}, NOW),
        ({"lastTimestamp": None, "eventTime": "2026-11-24T10:00:00.250000Z"}, NOW + 250_000_000),
        ({"series": {"lastObservedTime": "2026-11-24T10:00:00.000000Z"}}, NOW),
        ({"metadata": {"creationTimestamp": "2026-11-24T10:00:00Z"}}, NOW),
        ({"metadata": 5, "lastTimestamp": "yesterday"}, None),
    ],
)
def test_when_an_event_happened(found: dict[str, Any], time: int | None) -> None:
    assert time_of(found) == time
