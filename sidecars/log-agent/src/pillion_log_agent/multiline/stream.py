"""One stream of lines: what of it is complete, and the record that is still open. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.multiline.machine import Machine, Step
    from pillion_log_agent.records.receipt import Receipt

T = TypeVar("T")
Spans = list[tuple[int, int]] | None
"""Records within a block: the index of the first line and of the one after the last of each; None
where every line is a record of its own."""
End = Literal["rules", "limit", "timeout", "stop", "behind"]
"""Why a record goes no further: what the rules say; it is too long; its rest did not come; the
input ends; the rest of the file waits for it."""

BEHIND = 15
"""So many times its timeout a record is waited for whose file has more that was not read."""


@dataclass(frozen=True, slots=True)
class Joining:
    """How lines are joined, and who is told.

    Attributes:
        machine: says which belong together.
        limit: the longest record, in characters; the lines behind go on in another.
        note: is told how many records of several lines there were, and why they ended.
    """

    machine: Machine
    limit: int
    note: Callable[[int, End], None]


class Opened(Generic[T]):
    """A record whose first lines are there, and which more may go on with.

    Attributes:
        first: what is kept of its first line beside the text.
        offset: of its first line.
        step: says what may follow.
        texts: of its lines.
        length: of all of them, in characters.
        since: when the last line came, in seconds.
        holding: the receipts that wait for it.
    """

    __slots__ = ("first", "holding", "length", "offset", "since", "step", "texts")

    def __init__(self, first: T, offset: int, step: Step) -> None:
        self.first = first
        self.offset = offset
        self.step = step
        self.texts: list[str] = []
        self.length = 0
        self.since = 0.0
        self.holding: list[Receipt] = []

    def add(self, texts: Sequence[str], receipt: Receipt, clock: float) -> None:
        """Go on with lines of a chunk, which then waits for the record."""
        self.texts += texts
        self.length += _length(texts)
        self.since = clock
        self._hold(receipt)

    def lengthen(self, rest: str, receipt: Receipt) -> None:
        """Go on with the rest of its last line."""
        self.texts[-1] += rest
        self.length += len(rest)
        self._hold(receipt)

    def is_late(self, clock: float) -> bool:
        """Whether its rest has been waited for long enough.

        What is in the file and was not read, since the outputs do not take more, is waited for
        longer: but not for ever, as it may be this record that it waits for.
        """
        waited = clock - self.since
        timeout = self.step.timeout
        return waited >= timeout * BEHIND or (waited >= timeout and not self.holding[-1].has_more)

    def move_to(self, rest: Receipt) -> None:
        """Wait for the rest of its one chunk only, from its first line on."""
        (before,) = self.holding
        rest.hold()
        self.holding = [rest]
        before.release()

    def _hold(self, receipt: Receipt) -> None:
        if not self.holding or self.holding[-1] is not receipt:
            receipt.hold()
            self.holding.append(receipt)


class Stream(Generic[T]):
    """Takes blocks of lines in order.

    Attributes:
        opened: the record that is open, if one is.
    """

    __slots__ = ("_joining", "opened")

    def __init__(self, joining: Joining) -> None:
        self._joining = joining
        self.opened: Opened[T] | None = None

    def take(
        self,
        lines: Sequence[str],
        texts: Sequence[str],
        receipt: Receipt,
        clock: float,
        place: Callable[[int], tuple[T, int]],
    ) -> tuple[Opened[T] | None, Spans]:
        """Return the record that was open and is complete, and those that are within the block.

        What is open at the end is kept, and holds the receipt.

        Args:
            lines: what the rules look at, without newlines.
            texts: what is joined; mostly the same.
            receipt: of where they come from.
            clock: seconds.
            place: what is kept of the line of an index, and its offset.
        """
        joining = self._joining
        opened = self.opened
        starts, step = joining.machine.split(lines, opened.step if opened else None)
        if opened is None and step is None and len(starts) == len(lines):
            return None, None
        first = starts[0] if starts else len(lines)
        spans = list(zip(starts, [*starts[1:], len(lines)], strict=False))
        finished: Opened[T] | None = None
        if opened is not None and first:
            if opened.length + _length(texts[:first]) > joining.limit:
                joining.note(1, "limit")
                finished, opened = opened, None
                spans.insert(0, (0, first))
            else:
                opened.add(texts[:first], receipt, clock)
        if opened is not None and (spans or step is None):
            joining.note(len(opened.texts) > 1, "rules")
            finished, opened = opened, None
        if len(spans) < len(lines):
            spans = self._within_limit(spans, texts)
        if step is not None and spans:
            begin, end = spans.pop()
            opened = Opened(*place(begin), step)
            opened.add(texts[begin:end], receipt, clock)
        elif opened is not None and step is not None:
            opened.step = step
        self.opened = opened
        joining.note(sum(end - begin > 1 for begin, end in spans), "rules")
        return finished, spans

    def give_up(self, clock: float | None, end: End) -> Opened[T] | None:
        """Return the open record when its rest has not come in time; with no clock, at once."""
        opened = self.opened
        if opened is None or (clock is not None and not opened.is_late(clock)):
            return None
        self.opened = None
        self._joining.note(len(opened.texts) > 1, end)
        return opened

    def _within_limit(
        self, spans: list[tuple[int, int]], texts: Sequence[str]
    ) -> list[tuple[int, int]]:
        """Return the records, those cut that are longer than the limit; a line never is."""
        limit = self._joining.limit
        if _length(texts) <= limit:
            return spans
        found: list[tuple[int, int]] = []
        for first, end in spans:
            begin, length = first, 0
            if end - first > 1 and _length(texts[first:end]) > limit:
                for index in range(first, end):
                    size = len(texts[index])
                    if index > begin and length + size > limit:
                        found.append((begin, index))
                        self._joining.note(1, "limit")
                        begin, length = index, 0
                    length += size
            found.append((begin, end))
        return found


def _length(texts: Sequence[str]) -> int:
    return sum(map(len, texts))
