"""Dispatch to an output that fails in ways that it should not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pillion_log_agent.outputs.output import TAKEN
from tests.sidecars.log_agent.dispatching import Collecting, Desk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome
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
