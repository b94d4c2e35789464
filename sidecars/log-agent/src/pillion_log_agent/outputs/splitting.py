"""Splitting a refused write, until what is wrong with it stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.outputs.output import Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pillion_log_agent.records.batch import Batch

    Places = list[list[tuple[int, int]]]


async def split(
    batches: Sequence[Batch],
    write: Callable[[Sequence[Batch]], Awaitable[Outcome]],
    reason: str,
    detail: str,
) -> Outcome:
    """Write each half of what was refused by itself; reject a record that stands alone.

    Args:
        batches: what was refused as a whole.
        write: writes a part, and splits it again where that is refused too.
        reason: one word for a record that stands alone.
        detail: the other side's words.
    """
    if len(batches) == 1 and len(batches[0]) == 1:
        return Outcome([Rejection(0, 0, reason, detail)])
    return await write_parts(_halves(batches), write)


async def write_parts(
    parts: Sequence[tuple[Places, list[Batch]]],
    write: Callable[[Sequence[Batch]], Awaitable[Outcome]],
) -> Outcome:
    """Write parts of some batches, one after the other; what is taken stays taken.

    Args:
        parts: the batches of each part, with where each record of them was.
        write: writes a part.
    """
    rejected: list[Rejection] = []
    again: list[tuple[int, int]] = []
    cause = ""
    after: float | None = None
    for number, (places, part) in enumerate(parts):
        try:
            outcome = await write(part)
        except TransientError as error:
            # The rest is to be sent again, and not now.
            left = [places for places, _ in parts[number:]]
            again += [place for half in left for each in half for place in each]
            cause, after = str(error), error.after
            break
        rejected += [
            Rejection(*places[each.batch][each.index], each.reason, each.detail)
            for each in outcome.rejected
        ]
        again += [places[number][index] for number, index in outcome.again]
        cause = cause or outcome.cause
        after = after or outcome.after
    return Outcome(rejected, again, after, cause)


def whole(number: int, batch: Batch) -> tuple[Places, list[Batch]]:
    """Return the part that is one whole batch, which is the one of that number."""
    return [[(number, index) for index in range(len(batch))]], [batch]


def rows(number: int, batch: Batch, indices: list[int]) -> tuple[Places, list[Batch]]:
    """Return the part that is some of the records of a batch."""
    return [[(number, index) for index in indices]], [batch.select(indices)]


def _halves(batches: Sequence[Batch]) -> list[tuple[Places, list[Batch]]]:
    """Return two parts of some batches, with where each record of them was."""
    if len(batches) == 1:
        (batch,) = batches
        middle = len(batch) // 2
        ranges = [range(middle), range(middle, len(batch))]
        return [([[(0, index) for index in each]], [batch.select(each)]) for each in ranges]
    middle = len(batches) // 2
    return [
        (
            [[(number, index) for index in range(len(batches[number]))] for number in numbers],
            [batches[number] for number in numbers],
        )
        for numbers in (range(middle), range(middle, len(batches)))
    ]
