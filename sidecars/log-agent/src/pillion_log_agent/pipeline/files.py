"""What concerns the files of all inputs: what may not be read, and the last look at them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pillion.lifecycle import Deadline

if TYPE_CHECKING:
    from pillion_log_agent.pipeline.ledger import Ledger
    from pillion_log_agent.pipeline.pipeline import Pipeline

LOOKS = 4
"""So often in a quiet period it is looked whether it still is one."""


def refused_paths(pipeline: Pipeline) -> dict[str, str]:
    """Return the files and directories that may not be read, each with why."""
    return {
        path: why for each in pipeline.file_inputs.values() for path, why in each.refused().items()
    }


def why_blind(pipeline: Pipeline) -> str | None:
    """Return why an input can read nothing, or not what it was named; None where all can."""
    for name, each in pipeline.file_inputs.items():
        why = each.why_blind()
        if why is not None:
            return f"the input {name} reads nothing: {why}"
    return None


async def look_last(pipeline: Pipeline, ledger: Ledger, quiet: float, within: float) -> None:
    """Read on until nothing new has come for a while, then look once more at every file.

    An application that is told to end together with this process writes its last lines then.

    Args:
        pipeline: it is at work.
        ledger: what counts its records.
        quiet: seconds without a record that end the wait.
        within: the most seconds for all of it.
    """
    end = Deadline(within)
    names = list(pipeline.file_inputs)
    before, rest = _read(ledger, names), Deadline(quiet)
    while names and not (rest.passed or end.passed or pipeline.is_finished):
        await asyncio.sleep(min(quiet / LOOKS, end.remaining))
        now = _read(ledger, names)
        if now != before:
            before, rest = now, Deadline(quiet)
    await pipeline.read_to_end(end.remaining)


def _read(ledger: Ledger, names: list[str]) -> int:
    return sum(ledger.inputs[name].records for name in names)
