"""The output itself: sends bulk requests and reads the result of each record."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.outputs.elasticsearch.body import BulkFormat, bulk_body, with_names_once
from pillion_log_agent.outputs.elasticsearch.request import endpoint, headers, target
from pillion_log_agent.outputs.elasticsearch.results import (
    DUPLICATE,
    TOO_LARGE,
    read_refusal,
    read_results,
    reason_of,
)
from pillion_log_agent.outputs.elasticsearch.signature import signature
from pillion_log_agent.outputs.http_client import HttpClient
from pillion_log_agent.outputs.output import Outcome
from pillion_log_agent.outputs.retry_after import parse_retry_after
from pillion_log_agent.outputs.splitting import rows, split, write_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties
    from pillion_log_agent.outputs.http_client import Answer
    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch

OK = 200
_REFUSED = frozenset({400, TOO_LARGE, 422})
"""The request itself is refused: it is split, until what is wrong with it stands alone."""
_NO_TYPES = b"unknown parameter [_type]"
"""What Elasticsearch 8 and OpenSearch 2 say of each action that has a type."""
_COMPRESSION = 3
_NOT_LET_IN = frozenset({401, 403})


class BulkOutput:
    """Sends records to Elasticsearch or OpenSearch."""

    delay = True

    def __init__(self, properties: BulkProperties, context: OutputContext) -> None:
        self._plan = BulkFormat.of(properties)
        self._context = context
        self._timeout = properties.response_timeout
        self._compresses = properties.compress is not None
        self._target = target(properties)
        whom = endpoint(properties)
        self._signature = signature(properties, whom)
        self._client = HttpClient(whom, headers(properties))

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches in one request; what has a name twice, again with it once.

        JSON goes out as the application wrote it, since few of it has a name twice.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        outcome = await self._write(batches)
        refused: dict[int, list[int]] = {}
        for each in outcome.rejected:
            if DUPLICATE in each.detail:
                refused.setdefault(each.batch, []).append(each.index)
        return await self._write_with_names_once(batches, refused, outcome) if refused else outcome

    async def _write_with_names_once(
        self, batches: Sequence[Batch], refused: dict[int, list[int]], outcome: Outcome
    ) -> Outcome:
        parts = [rows(number, batches[number], indices) for number, indices in refused.items()]
        parts = [(places, [with_names_once(batch)]) for places, (batch,) in parts]
        again = await write_parts(parts, self._write)
        self._context.log.warning(
            "the server refuses objects that have a name twice; they are sent with the last one",
            records=sum(map(len, refused.values())),
        )
        kept = [each for each in outcome.rejected if DUPLICATE not in each.detail]
        return Outcome(
            [*kept, *again.rejected],
            [*outcome.again, *again.again],
            again.after or outcome.after,
            outcome.cause or again.cause,
        )

    async def _write(self, batches: Sequence[Batch]) -> Outcome:
        now = self._context.wall_ns()
        bodies = [bulk_body(batch, self._plan, now) for batch in batches]
        answer = await self._post(bodies)
        if answer.status == OK:
            return read_results(
                answer.body,
                [len(batch) for batch in batches],
                has_ids=self._plan.operation == "create" and self._plan.ids is not False,
            )
        if answer.status in _REFUSED:
            if self._plan.type is not None and _NO_TYPES in answer.body:
                self._send_no_types()
                return await self.write(batches)
            # A record that is refused alone is refused for good.
            kind, detail = read_refusal(answer.body)
            detail = detail or f"{self._client.endpoint} answered {answer.status}"
            return await split(batches, self.write, reason_of(kind, answer.status), detail)
        if self._signature is not None and answer.status in _NOT_LET_IN:
            self._signature.signer.forget()
        raise TransientError(
            f"{self._client.endpoint} answered {answer.status}: {read_refusal(answer.body)[1]}",
            reason=str(answer.status),
            after=parse_retry_after(answer.headers.get("Retry-After", ""), now / 1e9),
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    def _send_no_types(self) -> None:
        self._context.log.warning(
            "the server knows no document types; none is sent from now on", type=self._plan.type
        )
        self._plan = replace(self._plan, type=None)

    async def _post(self, body: list[bytes]) -> Answer:
        if self._compresses:
            body = [await asyncio.to_thread(gzip.compress, b"".join(body), _COMPRESSION)]
        if self._signature is None:
            return await self._client.request("POST", self._target, body, timeout=self._timeout)
        whole = b"".join(body)
        signed = await self._signature.sign(self._target, whole, compresses=self._compresses)
        return await self._client.request(
            "POST", self._target, [whole], timeout=self._timeout, headers=signed
        )
