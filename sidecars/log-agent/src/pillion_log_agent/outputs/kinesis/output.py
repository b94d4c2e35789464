"""The output itself: puts records in requests of a bounded size, and reads what became of each.

Source: AWS's documentation, "PutRecords" of Kinesis Data Streams (500 records, 5 MiB, 1 MiB each
with its key) and "PutRecordBatch" of Firehose (500 records, 4 MiB, 1,000 KiB each).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.outputs.aws.client import AwsClient, AwsError
from pillion_log_agent.outputs.aws.delivery import Event, Sending, Sent, bounded
from pillion_log_agent.outputs.aws.endpoint import domain, make_endpoint
from pillion_log_agent.outputs.kinesis.data import DataFormat, partition_keys
from pillion_log_agent.outputs.output import Rejection
from pillion_log_agent.records.json_rows import decode_object
from pillion_log_agent.records.wire import json_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pillion_log_agent.outputs.kinesis.properties import (
        FirehoseProperties,
        RecordProperties,
        StreamProperties,
    )
    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch

_CONTENT = frozenset({"413", "SerializationException", "RequestEntityTooLarge"})
MOST_RECORDS = 500


@dataclass(frozen=True, slots=True)
class Api:
    """One of the two APIs.

    Attributes:
        action: the value of X-Amz-Target.
        head: what its body begins with, up to the records.
        results: where its answer has what became of each record.
        size: bytes of a request at most.
        longest: bytes of a record at most, with its key.
        has_keys: whether a record has a partition key.
    """

    action: str
    head: str
    results: str
    size: int
    longest: int
    has_keys: bool


class KinesisOutput:
    """Puts records into one stream."""

    delay = True

    def __init__(
        self,
        properties: RecordProperties,
        context: OutputContext,
        *,
        service: str,
        api: Api,
        partition_key: str | None = None,
    ) -> None:
        self._api = api
        self._format = DataFormat.of(properties)
        self._partition_key = partition_key
        self._client = AwsClient(
            make_endpoint(properties, domain(service, properties.region)),
            properties.credential_source,
            service=service,
            timeout=properties.response_timeout,
            wall_ns=context.wall_ns,
        )

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches in as few requests as the API allows.

        Raises:
            TransientError: never; what could not be sent is in the outcome.
        """
        sending = Sending()
        events = [
            event
            for number, batch in enumerate(batches)
            for event in self._events(number, batch, sending)
        ]
        for request in bounded(events, most=MOST_RECORDS, size=self._api.size):
            await sending.send(request, self._send)
        return sending.outcome()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    def _events(self, number: int, batch: Batch, sending: Sending) -> Iterator[Event]:
        keys = (
            partition_keys(batch, self._partition_key) if self._api.has_keys else [""] * len(batch)
        )
        for row, (data, key) in enumerate(zip(self._format.data(batch), keys, strict=True)):
            if data is None:
                detail = f"it has no field {self._format.log_key}, or nothing in it"
                sending.rejected[number, row] = Rejection(number, row, "empty", detail)
                continue
            size = len(data) + len(key.encode("utf-8", "replace"))
            if size > self._api.longest:
                detail = f"it has {size} bytes, and {self._api.longest} are allowed"
                sending.rejected[number, row] = Rejection(number, row, "too_large", detail)
                continue
            coded = base64.b64encode(data).decode()
            tail = f',"PartitionKey":{json_of(key)}' if self._api.has_keys else ""
            yield Event(number, row, 0, f'{{"Data":"{coded}"{tail}}}', size)

    async def _send(self, request: list[Event]) -> Sent:
        records = ",".join([event.body for event in request])
        body = f"{self._api.head}{records}]}}".encode("latin-1")
        try:
            answer = await self._client.call(self._api.action, body)
        except AwsError as error:
            if error.code in _CONTENT:
                raise
            # What is wrong is the stream or a setting, not a record: they wait until it is right.
            raise TransientError(error.detail, reason=error.code) from None
        results = (decode_object(answer.body) or {}).get(self._api.results)
        if not isinstance(results, list) or len(results) != len(request):
            raise TransientError(
                f"the answer to {self._api.action} does not say what became of each record",
                reason="protocol",
            )
        failed = [number for number, each in enumerate(results) if _code(each) is not None]
        if not failed:
            return Sent()
        return Sent(again=failed, cause=str(_code(results[failed[0]])))


def _code(result: object) -> str | None:
    """Return why a record was not taken, None where it was."""
    if not isinstance(result, dict):
        return "no result"
    code = result.get("ErrorCode")
    return None if code is None else f"{code}: {str(result.get('ErrorMessage') or '')[:500]}"


def streams_output(properties: StreamProperties, context: OutputContext) -> KinesisOutput:
    """Return the output of a data stream."""
    api = Api(
        "Kinesis_20131202.PutRecords",
        f'{{"StreamName":{json_of(properties.stream)},"Records":[',
        "Records",
        size=5 * 1024 * 1024,
        longest=1024 * 1024,
        has_keys=True,
    )
    return KinesisOutput(
        properties,
        context,
        service="kinesis",
        api=api,
        partition_key=properties.partition_key,
    )


def firehose_output(properties: FirehoseProperties, context: OutputContext) -> KinesisOutput:
    """Return the output of a stream of Firehose."""
    api = Api(
        "Firehose_20150804.PutRecordBatch",
        f'{{"DeliveryStreamName":{json_of(properties.delivery_stream)},"Records":[',
        "RequestResponses",
        size=4 * 1024 * 1024,
        longest=1000 * 1024,
        has_keys=False,
    )
    return KinesisOutput(properties, context, service="firehose", api=api)
