"""The input `kubernetes_events` at work: list, watch, and the list anew where the watch expires."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.filters.kubernetes.api import (
    FIRST_WAIT,
    LONGEST_WAIT,
    PAGE,
    WATCH_SECONDS,
    Api,
    ExpiredError,
    ForbiddenError,
)
from pillion_log_agent.inputs.in_order import InOrder
from pillion_log_agent.inputs.kubernetes_events.event import time_of, version, version_of
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.inputs.position import PositionStore, position_directory
from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.inputs.kubernetes_events.properties import KubernetesEventsProperties

KEEP_EVERY = 1.0
OF_AN_OBJECT = 1024
"""What an event counts for in memory, about; they are as they were decoded."""


class KubernetesEventsInput:
    """Hands each event over once; the position is the version up to which all were taken."""

    def __init__(
        self,
        properties: KubernetesEventsProperties,
        shared: InputProperties,
        context: InputContext,
    ) -> None:
        limit = properties.kube_request_limit
        if limit < 0:
            raise ConfigurationError("kube_request_limit: is negative")
        self._api = Api(properties)
        self._limit = limit or PAGE
        self._retention_ns = int(properties.kube_retention_time * SECOND)
        self._watch_seconds = int(properties.kube_watch_timeout) or WATCH_SECONDS
        namespace = properties.kube_namespace
        where = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        self._path = f"/api/v1{where}/events"
        self._tag = shared.tag or context.name
        self._context = context
        self._log = context.log
        self._key = f"kubernetes_events {context.name}"
        self._origin = Origin(context.name, self._path, f"{properties.kube_url}{self._path}")
        directory = position_directory(properties.db, context)
        if directory is not None:
            context.claim(f"db: {directory}")
        self._store = (
            None if directory is None else PositionStore(directory, context.sync, context.log)
        )
        self._outstanding = Outstanding(context)
        self._order: InOrder[int] = InOrder()
        self._saved = 0
        # All up to it was handed over, and of what is behind it these.
        self._handed = 0
        self._ahead: set[int] = set()
        self._stopping = asyncio.Event()

    def prepare(self) -> None:
        """Make the directory of the position; raises ConfigurationError."""
        if self._store is not None:
            self._store.prepare()

    async def run(self, intake: Intake) -> None:
        """Hand over events as they happen, until `stop`."""
        kept = self._context.handover.kept.pop(self._key, None)
        position = kept.decode() if kept is not None else self._store and self._store.load()
        self._handed = self._saved = version(position)
        tasks = [
            asyncio.ensure_future(each)
            for each in (self._follow(intake), self._keep_positions(), self._stopping.wait())
        ]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in ended:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._api.close()

    async def _follow(self, intake: Intake) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                seen = await self._list(intake)
                wait = FIRST_WAIT
                while True:
                    seen = await self._watch(intake, seen)
            except ExpiredError:
                self._log.info("the watch of events has expired; they are listed anew")
            except ForbiddenError:
                self._log.warning(
                    "the account may not list events; give it list and watch of events",
                    path=self._path,
                )
                wait = LONGEST_WAIT
            except TransientError as error:
                self._log.warning("the watch of events failed, and is tried again", cause=error)
            await asyncio.sleep(wait * (0.5 + random.random() / 2))  # noqa: S311  # it spreads load
            wait = min(wait * 2, LONGEST_WAIT)

    async def _list(self, intake: Intake) -> str:
        """Hand over what is new in a list, and return its resource version."""
        is_first = not self._handed
        seen = ""
        async with aclosing(self._api.pages(self._path, {}, self._limit)) as pages:
            async for items, seen in pages:  # the last one is that of all
                if version(seen) < self._handed:
                    self._log.warning(
                        "the cluster counts from an earlier version than that of the position, as "
                        "after a restore; every event is read",
                        position=self._handed,
                        version=seen,
                    )
                    self._handed = self._saved = 0
                    self._order, self._ahead, is_first = InOrder(), set(), True
                await self._outstanding.wait_for_room()
                new = [each for each in items if self._is_new(each, is_first=is_first)]
                # Only with the last page is all up to its version handed over.
                self._hand_over(intake, new)
                self._ahead.update(map(version_of, new))
        self._reach(version(seen))
        return seen

    async def _watch(self, intake: Intake, seen: str) -> str:
        """Hand over what a watch tells of until it ends; return the last resource version."""
        watch = self._api.watch(self._path, {}, seen, self._watch_seconds)
        async with aclosing(watch) as changes:
            async for kind, found in changes:
                number = version_of(found)
                if kind in ("ADDED", "MODIFIED") and self._is_new(found, is_first=False):
                    self._hand_over(intake, [found])
                    await self._outstanding.wait_for_room()
                if number:
                    seen = str(number)
                    self._reach(number)
        return seen

    def _is_new(self, found: dict[str, Any], *, is_first: bool) -> bool:
        number = version_of(found)
        if number and (number <= self._handed or number in self._ahead):
            return False
        time = time_of(found) if is_first else None
        return time is None or time >= self._context.wall_ns() - self._retention_ns

    def _reach(self, number: int) -> None:
        """Note that all up to a version was handed over."""
        if number > self._handed:
            self._handed = number
            self._order.settle(self._order.add(number))
        self._ahead.clear()

    def _hand_over(self, intake: Intake, events: list[dict[str, Any]]) -> None:
        if not events:
            return
        now = self._context.wall_ns()
        times = [now if (time := time_of(each)) is None else time for each in events]
        batch = Batch(
            self._tag,
            self._origin,
            Timestamps(times),
            records=events,
            offsets=[version_of(each) for each in events],
            size=OF_AN_OBJECT * len(events),
        )
        part = self._order.add(self._handed)
        self._outstanding.take(intake, batch, partial(self._order.settle, part))

    @property
    def _position(self) -> int:
        return self._order.reached or self._saved

    async def _keep_positions(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY)
            self._keep_position()

    def _keep_position(self) -> None:
        position = self._position
        if self._store is not None and position > self._saved and self._store.save(str(position)):
            self._saved = position

    def stop(self, *, is_last: bool) -> None:  # noqa: ARG002  # what is unread stays at the server
        """Ask no more."""
        self._stopping.set()
        self._outstanding.stop()

    def collect(self) -> Iterable[Metric]:
        """Return nothing beside what is counted of every input."""
        return ()

    def close(self) -> None:
        """Keep the position for the last time, or leave it to who follows."""
        self._keep_position()
        if self._position:
            self._context.handover.kept[self._key] = str(self._position).encode()
