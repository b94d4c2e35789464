"""The output itself: gathers records, and puts those of each tag into an object.

Nothing is kept on disk here: the log file is the buffer. A record counts as taken once the object
that it is in is there, so how large an object becomes is bounded by what may be in flight.

Source: AWS's documentation, "PutObject".
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from pillion.errors import TransientError
from pillion_log_agent.outputs.aws.client import AwsClient, AwsError
from pillion_log_agent.outputs.aws.content import texts
from pillion_log_agent.outputs.aws.endpoint import domain, make_endpoint
from pillion_log_agent.outputs.output import Outcome, Rejection
from pillion_log_agent.outputs.rendering import Date, lines
from pillion_log_agent.outputs.s3.key import LONGEST, KeyFormat, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.outputs.s3.properties import S3Properties
    from pillion_log_agent.records.batch import Batch

_OFF = ("false", "off", "no", "")
_FINAL = frozenset({"KeyTooLongError", "EntityTooLarge"})
_LEVEL = 6
LEAST_OBJECT = 64 * 1024


class S3Output:
    """Puts objects.

    Attributes:
        gather_bytes: how much goes into one write at most.
        gather_seconds: how long records wait for more.
    """

    delay = True

    def __init__(self, properties: S3Properties, context: OutputContext) -> None:
        self.gather_seconds = properties.upload_timeout
        # An input stops when all that it may have in flight waits here, and no more would come.
        half = context.in_flight_bytes // 2
        self.gather_bytes = max(min(properties.total_file_size, half), LEAST_OBJECT)
        self._key = KeyFormat(
            properties.s3_key_format,
            properties.s3_key_format_tag_delimiters,
            properties.static_file_path,
        )
        is_dated = properties.json_date_key.lower() not in _OFF
        self._date = Date(properties.json_date_key if is_dated else "", properties.json_date_format)
        self._log_key = properties.log_key
        self._bucket = properties.bucket
        self._has_md5 = properties.send_content_md5
        self._compresses = properties.compression is not None
        self._headers = _headers(properties)
        self._client = AwsClient(
            make_endpoint(properties, domain("s3", properties.region)),
            properties.credential_source,
            service="s3",
            timeout=properties.response_timeout,
            wall_ns=context.wall_ns,
        )

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Put the records of each tag into an object.

        Raises:
            TransientError: never; what could not be sent is in the outcome.
        """
        by_tag: dict[str, list[int]] = {}
        for number, batch in enumerate(batches):
            by_tag.setdefault(batch.tag, []).append(number)
        rejected: list[Rejection] = []
        again: list[tuple[int, int]] = []
        failure: TransientError | None = None
        for tag, numbers in by_tag.items():
            if failure is None:
                try:
                    rejected += await self._put(tag, batches, numbers)
                except TransientError as error:
                    failure = error
            if failure is not None:
                again += [(each, row) for each in numbers for row in range(len(batches[each]))]
        if failure is None:
            return Outcome(rejected)
        return Outcome(rejected, again, failure.after, str(failure))

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def _put(
        self, tag: str, batches: Sequence[Batch], numbers: Sequence[int]
    ) -> list[Rejection]:
        """Put one object; return which records are in none."""
        given = [batches[number] for number in numbers]
        rejected: list[Rejection] = []
        parts: list[bytes] = []
        for number in numbers:
            content, missing = self._content(batches[number])
            parts.append(content)
            rejected += [
                Rejection(number, row, "log_key", f"it has no field {self._log_key}")
                for row in missing
            ]
        body = b"".join(parts)
        if not body:
            return rejected
        time = given[0].times.nanoseconds()[0]
        key = self._key.fill(tag, time, name_of(given))
        if len(key.encode("utf-8", "replace")) - 1 > LONGEST:
            return _all(batches, numbers, "key_too_long", f"the key has more than {LONGEST} bytes")
        if self._compresses:
            body = await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
        headers = dict(self._headers)
        if self._has_md5:
            headers["Content-MD5"] = base64.b64encode(
                hashlib.md5(body, usedforsecurity=False).digest()
            ).decode()
        target = f"/{quote(self._bucket, safe='')}{quote(key, safe='/~')}"
        try:
            await self._client.request("PUT", target, body, headers=headers)
        except AwsError as error:
            if error.code in _FINAL:
                return _all(batches, numbers, error.code, error.detail)
            # A setting is wrong, not a record: the records wait until it is put right.
            raise TransientError(error.detail, reason=error.code) from None
        return rejected

    def _content(self, batch: Batch) -> tuple[bytes, list[int]]:
        """Return the lines of a batch, and which of its records have none."""
        if self._log_key is None:
            return lines(batch, self._date), []
        found = texts(batch, self._log_key)
        missing = [row for row, text in enumerate(found) if text is None]
        ended = [text if text.endswith("\n") else f"{text}\n" for text in found if text is not None]
        return "".join(ended).encode("utf-8", "replace"), missing


def _all(
    batches: Sequence[Batch], numbers: Sequence[int], reason: str, detail: str
) -> list[Rejection]:
    return [
        Rejection(number, row, reason, detail)
        for number in numbers
        for row in range(len(batches[number]))
    ]


def _headers(properties: S3Properties) -> dict[str, str]:
    named = {
        "Content-Type": properties.content_type,
        "Content-Encoding": "gzip" if properties.compression is not None else None,
        "x-amz-acl": properties.canned_acl,
        "x-amz-storage-class": properties.storage_class,
    }
    return {name: value for name, value in named.items() if value is not None}
