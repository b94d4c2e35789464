"""The output itself: creates log streams, puts events, and reads which of them are refused.

Source: AWS's documentation, "PutLogEvents", "CreateLogStream", "CreateLogGroup".
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from pillion.errors import TransientError
from pillion_log_agent.outputs.aws.client import AwsClient, AwsError
from pillion_log_agent.outputs.aws.delivery import Sending, Sent, bounded
from pillion_log_agent.outputs.aws.endpoint import domain, make_endpoint
from pillion_log_agent.outputs.cloudwatch_logs.events import (
    MOST_BYTES,
    MOST_EVENTS,
    SPAN,
    Content,
    body,
    events,
)
from pillion_log_agent.outputs.cloudwatch_logs.names import Names, Stream
from pillion_log_agent.outputs.output import Rejection
from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.aws.delivery import Event
    from pillion_log_agent.outputs.cloudwatch_logs.properties import CloudWatchLogsProperties
    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch

_API = "Logs_20140328"
_EXISTS = "ResourceAlreadyExistsException"
_NOT_FOUND = "ResourceNotFoundException"
KNOWN_STREAMS = 10_000
"""As many names of streams are remembered; one that is forgotten is created again, in vain."""
_encode = msgspec.json.Encoder().encode


class CloudWatchLogsOutput:
    """Sends records to CloudWatch Logs."""

    delay = True

    def __init__(self, properties: CloudWatchLogsProperties, context: OutputContext) -> None:
        self._names = Names.of(properties)
        self._content = Content(
            properties.log_key, properties.metric_namespace, properties.metric_dimensions
        )
        self._log_key = properties.log_key
        self._creates_groups = properties.auto_create_group
        self._class = properties.log_group_class
        self._retention = properties.log_retention_days
        self._format = (
            None if properties.log_format is None else {"x-amzn-logs-format": properties.log_format}
        )
        self._log = context.log
        self._known: OrderedDict[Stream, None] = OrderedDict()
        self._client = AwsClient(
            make_endpoint(properties, domain("logs", properties.region)),
            properties.credential_source,
            service="logs",
            timeout=properties.response_timeout,
            wall_ns=context.wall_ns,
        )

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches: for each log stream in one request, or as many as the API asks for.

        Raises:
            TransientError: never; what could not be sent is in the outcome.
        """
        sending = Sending()
        for stream, found in self._by_stream(batches, sending).items():
            # The API wants the events of a request in the order of their times.
            found.sort(key=itemgetter(2))
            for request in bounded(found, most=MOST_EVENTS, size=MOST_BYTES, span=SPAN):
                await sending.send(request, partial(self._put, stream))
        return sending.outcome()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    def _by_stream(self, batches: Sequence[Batch], sending: Sending) -> dict[Stream, list[Event]]:
        found: dict[Stream, list[Event]] = {}
        for number, batch in enumerate(batches):
            content = self._content.of(batch)
            for stream, indices in self._names.streams(batch).items():
                made = events(number, batch, indices, content)
                found.setdefault(stream, []).extend(made)
            for index, text in enumerate(content):
                if not text:
                    sending.rejected[number, index] = self._empty(number, index, text)
        return found

    def _empty(self, number: int, index: int, text: str | None) -> Rejection:
        if text is None:
            return Rejection(number, index, "log_key", f"it has no field {self._log_key}")
        return Rejection(number, index, "empty", "CloudWatch Logs takes no event without text")

    async def _put(self, stream: Stream, request: list[Event]) -> Sent:
        """Put events; where the stream is not there, create it and put them once more."""
        detail = ""
        for _ in range(2):
            await self._ensure(stream)
            try:
                return await self._put_once(stream, request)
            except AwsError as error:
                if error.code != _NOT_FOUND:
                    raise
                # It was deleted since it was created.
                self._known.pop(stream, None)
                detail = error.detail
        raise TransientError(detail, reason=_NOT_FOUND)

    async def _put_once(self, stream: Stream, request: list[Event]) -> Sent:
        answer = await self._client.call(
            f"{_API}.PutLogEvents", body(stream, request), headers=self._format
        )
        found = decode_object(answer.body) if answer.body else {}
        if found is None or "x-amzn-requestid" not in {name.lower() for name in answer.headers}:
            raise TransientError(
                "the answer to PutLogEvents is not one of CloudWatch Logs", reason="protocol"
            )
        return Sent(rejected=_rejected(found.get("rejectedLogEventsInfo"), len(request)))

    async def _ensure(self, stream: Stream) -> None:
        """Create a log stream, unless it is known to be there."""
        if stream in self._known:
            self._known.move_to_end(stream)
            return
        try:
            await self._create_stream(stream)
        except AwsError as error:
            if error.code != _NOT_FOUND:
                raise
            if not self._creates_groups:
                raise TransientError(
                    f"the log group {stream.group} is not there, and auto_create_group is off: "
                    f"{error.detail}",
                    reason=error.code,
                ) from None
            await self._create_group(stream.group)
            await self._create_stream(stream)
        self._known[stream] = None
        if len(self._known) > KNOWN_STREAMS:
            self._known.popitem(last=False)

    async def _create_stream(self, stream: Stream) -> None:
        await self._create(
            "CreateLogStream", {"logGroupName": stream.group, "logStreamName": stream.name}
        )

    async def _create_group(self, group: str) -> None:
        given = {"logGroupName": group}
        if self._class is not None:
            given["logGroupClass"] = self._class
        if await self._create("CreateLogGroup", given):
            self._log.info("a log group was created", group=group)
        if self._retention:
            await self._create(
                "PutRetentionPolicy", {"logGroupName": group, "retentionInDays": self._retention}
            )

    async def _create(self, action: str, given: dict[str, Any]) -> bool:
        """Call an action; return whether there was something to do."""
        try:
            await self._client.call(f"{_API}.{action}", _encode(given))
        except AwsError as error:
            if error.code == _EXISTS:
                return False
            raise
        return True


def _rejected(info: Any, count: int) -> list[tuple[int, str, str]]:
    """Return which events of a request were refused, and why.

    What is too old or expired ends before an index; what is too new begins at one.
    """
    if not isinstance(info, dict):
        return []
    found: dict[int, tuple[int, str, str]] = {}
    for key, reason in (
        ("expiredLogEventEndIndex", "expired"),
        ("tooOldLogEventEndIndex", "too_old"),
        ("tooNewLogEventStartIndex", "too_new"),
    ):
        index = info.get(key)
        if not isinstance(index, int) or isinstance(index, bool):
            continue
        refused = range(max(index, 0), count) if "Start" in key else range(min(index, count))
        for number in refused:
            found.setdefault(number, (number, reason, f"CloudWatch Logs says {key} {index}"))
    return list(found.values())
