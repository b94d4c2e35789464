"""One way in which a target means ill, and what the probe has to say of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.servers.wire import Visit

    Start = Callable[[Path], AbstractAsyncContextManager[int]]

SECONDS = 1.0  # of a probe that ends with its time
ENOUGH = 20.0  # of one that ends because of what came


@dataclass(frozen=True)
class Behaviour:
    """A hostile target.

    Attributes:
        name: what it does.
        module: the module that probes it, as YAML in one line.
        target: with `PORT` in it.
        start: starts it in a folder for its files; yields its port.
        reasons: the reasons that are right, as labels of `probe_failure_info`; `""` for success.
        phase: the phase in which it fails, where only one is right.
    """

    name: str
    module: str
    target: str
    start: Start
    reasons: tuple[str, ...]
    phase: str = ""

    @property
    def seconds(self) -> float:
        """How long its probe may take."""
        return SECONDS if self.reasons == ("timeout",) else ENOUGH


async def flood(visit: Visit, data: bytes, pause: float = 0.0) -> None:
    """Send bytes again and again until the client closes, then wait for it."""
    while data and not visit.is_closing:
        await visit.write(data)
        await asyncio.sleep(pause)  # as a write to a closed connection neither waits nor fails
    await visit.wait_for_end()
