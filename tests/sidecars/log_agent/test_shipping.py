"""Shipping to an output that fails in ways that it should not."""

from __future__ import annotations

import asyncio
import io
import json
import time
from typing import TYPE_CHECKING

from pillion.log import Logger
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.delivery import Delivery
from pillion_log_agent.pipeline.ledger import Ledger
from pillion_log_agent.pipeline.shipping import Retrying, Shipper
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.receipt import Receipt, Undivided
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome

COUNT = 50
ORIGIN = Origin("tail.0", "/a.log", "generation")


class Stumbling:
    """An output with a fault of its own: it cannot bear a record with `bad` in it."""

    delay = False

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        bodies = [body for batch in batches for body in batch.bodies()]
        if any("bad" in body for body in bodies):
            raise KeyError("bad")
        self.taken += bodies
        return TAKEN

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_record_at_which_an_output_fails_is_put_aside_and_the_rest_is_not(
    tmp_path: Path,
) -> None:
    letters, ledger, log = tmp_path / "letters", Ledger(), io.StringIO()
    output = Stumbling()
    shipper = Shipper(
        "stumbling",
        output,
        flush=0.0,
        retrying=Retrying(),
        figures=ledger.outputs["stumbling"],
        dead_letters=DeadLetters(str(letters), 1 << 20, Logger(stream=log), time.time_ns),
        log=Logger(stream=log),
    )
    records = [{"log": "bad" if number == 17 else f"good {number}"} for number in range(COUNT)]
    batch = Batch(
        "tag",
        ORIGIN,
        Timestamps([0] * COUNT),
        records=records,
        offsets=list(range(COUNT)),
        size=COUNT,
    )
    acknowledged = asyncio.Event()
    ledger.take(COUNT)
    delivery = Delivery(COUNT, ledger, Receipt(Undivided(acknowledged.set)))
    shipper.put(batch, delivery, Receipt(delivery))
    working = asyncio.ensure_future(shipper.run())
    async with asyncio.timeout(10):
        await acknowledged.wait()
    working.cancel()
    assert len(output.taken) == COUNT - 1
    (letter,) = [json.loads(line) for line in letters.read_text().splitlines()]
    assert (letter["reason"], letter["offset"], letter["record"]["log"]) == ("error", 17, "bad")
    assert (ledger.delivered, ledger.rejected["error"], ledger.in_flight) == (COUNT - 1, 1, 0)
    assert log.getvalue().count("an output fails at a record") == 1
