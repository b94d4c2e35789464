"""Delivering records in requests that an API bounds, with the outcome of each record."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from pillion.errors import TransientError
from pillion_log_agent.outputs.aws.client import AwsError
from pillion_log_agent.outputs.output import Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    Send = Callable[[list["Event"]], Awaitable["Sent"]]


class Event(NamedTuple):
    """One record on its way, or a part of one.

    Attributes:
        batch: which of the batches that are written.
        row: which record of it.
        time: milliseconds since 1970, where the API asks for it.
        body: what is sent of it.
        size: bytes that it counts for in a request.
    """

    batch: int
    row: int
    time: int
    body: str
    size: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the events of a request; those that are not mentioned were taken.

    Attributes:
        rejected: refused for good: which, a word, and the service's words.
        again: which are to be sent again.
        cause: why, in the service's words.
    """

    rejected: Sequence[tuple[int, str, str]] = ()
    again: Sequence[int] = ()
    cause: str = ""


_size = itemgetter(4)


@dataclass(slots=True)
class Sending:
    """What has become of the records of one write so far."""

    rejected: dict[tuple[int, int], Rejection] = field(default_factory=dict)
    again: dict[tuple[int, int], None] = field(default_factory=dict)
    cause: str = ""
    after: float | None = None
    has_failed: bool = False

    def reject(self, event: Event, reason: str, detail: str) -> None:
        """Note a record that is refused for good."""
        place = event.batch, event.row
        self.rejected.setdefault(place, Rejection(*place, reason, detail))

    def put_off(self, events: Iterable[Event], cause: str) -> None:
        """Note records that are to be sent again."""
        self.again |= {(event.batch, event.row): None for event in events}
        self.cause = self.cause or cause

    async def send(self, events: list[Event], send: Send) -> None:
        """Send a request; one that is refused is split, until what is wrong stands alone.

        Once the service fails, all that follows is put off.
        """
        if self.has_failed:
            self.put_off(events, "")
            return
        try:
            sent = await send(events)
        except AwsError as error:
            if len(events) == 1:
                self.reject(events[0], error.code, error.detail)
                return
            middle = len(events) // 2
            await self.send(events[:middle], send)
            await self.send(events[middle:], send)
        except TransientError as error:
            self.has_failed = True
            self.after = error.after
            self.put_off(events, str(error))
        else:
            for number, reason, detail in sent.rejected:
                self.reject(events[number], reason, detail)
            self.put_off([events[number] for number in sent.again], sent.cause)

    def outcome(self) -> Outcome:
        """Return it; a record that is refused in part is not sent again."""
        again = [place for place in self.again if place not in self.rejected]
        return Outcome(list(self.rejected.values()), again, self.after, self.cause)


def bounded(
    events: Sequence[Event], *, most: int, size: int, span: int | None = None
) -> Iterator[list[Event]]:
    """Yield the events in order, so many in a request at most.

    Args:
        events: in order, by time where there is a span.
        most: events in a request.
        size: bytes of a request.
        span: what lies between the first time of a request and the last is less.
    """
    is_near = not events or span is None or events[-1].time - events[0].time < span
    if is_near and len(events) <= most and sum(map(_size, events)) <= size:
        # The usual case: one request takes them all.
        if events:
            yield list(events)
        return
    request: list[Event] = []
    total = 0
    for event in events:
        is_full = len(request) == most or total + event.size > size
        is_apart = bool(request) and span is not None and event.time - request[0].time >= span
        if request and (is_full or is_apart):
            yield request
            request, total = [], 0
        request.append(event)
        total += event.size
    if request:
        yield request
