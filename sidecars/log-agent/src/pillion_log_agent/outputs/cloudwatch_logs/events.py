"""Which events of which log streams records become. Pure.

Source: AWS's documentation, "PutLogEvents": a request has at most 10,000 events, in the order of
their times, less than 24 hours apart, and 1,048,576 bytes with 26 more for each event; an event is
at most as large as a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from pillion_log_agent.outputs.aws.content import texts
from pillion_log_agent.outputs.aws.delivery import Event
from pillion_log_agent.outputs.cloudwatch_logs.metrics import embedded, is_sampled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pillion_log_agent.outputs.cloudwatch_logs.names import Stream
    from pillion_log_agent.records.batch import Batch

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
PER_EVENT = 26
SPAN = 24 * 3600 * 1_000_000_000
LONGEST = 1_000_000
"""Bytes of an event; what is longer becomes several, which leaves room for what the API counts."""
_MILLISECOND = 1_000_000
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Content:
    """What of a record is sent.

    Attributes:
        log_key: the field, None for the whole.
        namespace: of the metrics that samples become.
        dimensions: of the same.
    """

    log_key: str | None
    namespace: str
    dimensions: tuple[tuple[str, ...], ...]

    def of(self, batch: Batch) -> list[str | None]:
        """Return the text of each record, None where it has none."""
        if self.log_key is None and is_sampled(batch.origin.input):
            return embedded(batch, self.namespace, self.dimensions)
        return texts(batch, self.log_key)


def events(
    number: int, batch: Batch, indices: Sequence[int], found: Sequence[str | None]
) -> Iterator[Event]:
    """Yield the events of some records of a batch; one without text gives none."""
    times = batch.times.nanoseconds()
    for index in indices:
        text = found[index]
        if not text:
            continue
        time = max(times[index], 0)
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        if size <= LONGEST:
            yield Event(number, index, time, text, size + PER_EVENT)
            continue
        for part in pieces(text):
            yield Event(number, index, time, part, len(part.encode()) + PER_EVENT)


def pieces(text: str) -> Iterator[str]:
    """Yield a text in parts that are not too long for an event, none cut within a character."""
    data = text.encode("utf-8", "replace")
    start = 0
    while start < len(data):
        end = min(start + LONGEST, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # noqa: PLR2004  # within a character
            end -= 1
        yield data[start:end].decode()
        start = end


def body(stream: Stream, request: Sequence[Event]) -> bytes:
    """Return the body of a request."""
    return _encode(
        {
            "logGroupName": stream.group,
            "logStreamName": stream.name,
            "logEvents": [
                {"timestamp": event.time // _MILLISECOND, "message": event.body}
                for event in request
            ],
        }
    )
