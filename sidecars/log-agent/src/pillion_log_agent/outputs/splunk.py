"""The output `splunk`: records to Splunk's HTTP event collector.

Source: fluent-bit's manual, "Splunk"; Splunk's documentation, "Format events for HTTP Event
Collector" and "Troubleshoot HTTP Event Collector" (its error codes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PAIR, PORT, TEXT
from pillion_log_agent.outputs.http_sender import (
    ACCEPTED,
    NOT_HAD,
    HttpProperties,
    HttpSender,
    is_taken,
)
from pillion_log_agent.outputs.output import TAKEN, Outcome, Rejection
from pillion_log_agent.outputs.splitting import split
from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.json_rows import decode_object
from pillion_log_agent.records.wire import from_wire, json_lines, json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.http_client import Answer
    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record


@dataclass(frozen=True, slots=True)
class SplunkProperties(HttpProperties):
    """The properties of `splunk`, beside those of every output over HTTP."""

    port: int = setting("port", PORT, "Its port.", default=8088)
    splunk_token: str | None = optional("splunk_token", TEXT, "The token of the collector.")
    splunk_send_raw: bool = setting(
        "splunk_send_raw",
        FLAG,
        "The record is the event as it is, with its own keys.",
        default=False,
    )
    event_key: str | None = optional("event_key", TEXT, "The field that is the event.")
    event_host: str | None = optional("event_host", TEXT, "The host; $field takes it of one.")
    event_source: str | None = optional("event_source", TEXT, "The source, likewise.")
    event_sourcetype: str | None = optional("event_sourcetype", TEXT, "The source type.")
    event_sourcetype_key: str | None = optional(
        "event_sourcetype_key", TEXT, "The field that has the source type."
    )
    event_index: str | None = optional("event_index", TEXT, "The index.")
    event_index_key: str | None = optional("event_index_key", TEXT, "The field that has the index.")
    event_field: tuple[tuple[str, ...], ...] = repeated(
        "event_field", PAIR, "An indexed field: its name, and $field or a text."
    )
    channel: str | None = optional("channel", TEXT, "The channel, a GUID.")


class SplunkOutput:
    """Sends events."""

    delay = True

    def __init__(self, properties: SplunkProperties, context: OutputContext) -> None:
        self._is_raw = properties.splunk_send_raw
        self._event = parse_accessor(properties.event_key) if properties.event_key else None
        named = {
            "host": properties.event_host,
            "source": properties.event_source,
            "sourcetype": properties.event_sourcetype,
            "index": properties.event_index,
        }
        for name, key in (
            ("sourcetype", properties.event_sourcetype_key),
            ("index", properties.event_index_key),
        ):
            if key is not None:
                named[name] = key if key.startswith("$") else f"${key}"
        self._defaults = {
            "sourcetype": properties.event_sourcetype,
            "index": properties.event_index,
        }
        self._named = {name: value for name, value in named.items() if value is not None}
        self._fields = [(pair[0], pair[1]) for pair in properties.event_field]
        headers = {}
        if properties.splunk_token is not None:
            token = properties.splunk_token.removeprefix("Splunk ")
            headers["Authorization"] = f"Splunk {token}"
        if properties.channel is not None:
            headers["X-Splunk-Request-Channel"] = properties.channel
        self._sender = HttpSender(
            properties, context, content_type="application/json", headers=headers
        )

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches in one request.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        events = [event for batch in batches for event in self._events(batch)]
        answer = await self._sender.post("/services/collector/event", [json_lines(events)])
        if is_taken(answer):
            return TAKEN
        wrong = _event_number(answer)
        if wrong is not None and wrong < len(events):
            return _from(batches, wrong, self._sender.words(answer))
        return await split(batches, self.write, str(answer.status), self._sender.words(answer))

    async def close(self) -> None:
        """Close the connection."""
        await self._sender.close()

    def _events(self, batch: Batch) -> list[Record]:
        times = batch.times.nanoseconds()
        return [
            record if self._is_raw else self._made(record, time)
            for record, time in zip(batch.decoded(), times, strict=True)
        ]

    def _made(self, record: Record, time: int) -> Record:
        found: Record = {"time": time / SECOND}
        for name, source in self._named.items():
            value = _value(source, record)
            if value is None:
                value = self._defaults.get(name)
            if value is not None and not str(value).startswith("$"):
                found[name] = str(value)
        fields = {
            name: value
            for name, source in self._fields
            if (value := _value(source, record)) is not None
        }
        if fields:
            found["fields"] = fields
        event = self._event.find(record) if self._event is not None else None
        # An event that is empty is refused.
        found["event"] = record if event in (None, "") else event
        return found


def _value(source: str, record: Record) -> Any:
    if not source.startswith("$"):
        return source
    value = parse_accessor(source).find(record)
    if isinstance(value, dict):
        return from_wire(json_of(value)).decode()
    return value


def _event_number(answer: Answer) -> int | None:
    """Return which event is wrong, from 0; those before it are taken, those behind it are not."""
    found = decode_object(answer.body)
    number = None if found is None else found.get("invalid-event-number")
    is_number = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    return number if is_number else None


def _from(batches: Sequence[Batch], wrong: int, detail: str) -> Outcome:
    """Return the outcome where one event is refused and those behind it are to be sent again."""
    places = [
        (number, index) for number, batch in enumerate(batches) for index in range(len(batch))
    ]
    refused = Rejection(*places[wrong], "400", detail)
    return Outcome([refused], places[wrong + 1 :], None, detail)


SPLUNK = Declaration(
    name="splunk",
    summary="Sends events to Splunk's HTTP event collector.",
    properties=SplunkProperties,
    accepted={
        **ACCEPTED,
        "http_buffer_size": "an answer is read whole, up to a MiB",
        "http_debug_bad_request": "a refused record goes to the dead-letter file with the reason",
        "auto_extract_timestamp": "each event says its time",
    },
    refused=NOT_HAD,
    build=SplunkOutput,
)
