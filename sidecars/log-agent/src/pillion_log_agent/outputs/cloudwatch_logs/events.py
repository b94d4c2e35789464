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
SPAN = 24 * 3600 * 1000
"""Milliseconds."""
LONGEST = 1_000_000
"""Bytes of an event; what is longer becomes several, which leaves room for what the API counts."""
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
) -> list[Event]:
    """Return the events of some records of a batch; one without text gives none."""
    times = _milliseconds(batch)
    chosen = [index for index in indices if found[index]]
    texts_of = [found[index] or "" for index in chosen]
    sizes = _sizes(texts_of)
    made = [
        Event(number, index, times[index], text, size + PER_EVENT)
        for index, text, size in zip(chosen, texts_of, sizes, strict=True)
    ]
    return made if max(sizes, default=0) <= LONGEST else list(_cut(made))


def _milliseconds(batch: Batch) -> list[int]:
    """Return the times, of which none is before 1970."""
    return [max(int(time.replace(".", "")), 0) for time in batch.times.epoch(3)]


def _sizes(found: Sequence[str]) -> list[int]:
    if "".join(found).isascii():
        return list(map(len, found))
    return [len(text) if text.isascii() else len(text.encode()) for text in found]


def _cut(made: Sequence[Event]) -> Iterator[Event]:
    """Yield events of which none is too long."""
    for event in made:
        if event.size <= LONGEST + PER_EVENT:
            yield event
            continue
        for part in pieces(event.body):
            yield event._replace(body=part, size=len(part.encode()) + PER_EVENT)


def pieces(text: str) -> Iterator[str]:
    """Yield a text in parts that are not too long for an event, none cut within a character."""
    data = text.encode()
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
            "logEvents": [{"timestamp": event.time, "message": event.body} for event in request],
        }
    )
