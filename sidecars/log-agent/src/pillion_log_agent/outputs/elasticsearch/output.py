"""The output itself: sends bulk requests and reads the result of each record."""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
from typing import TYPE_CHECKING
from urllib.parse import quote

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.http.client import Client, Endpoint
from pillion_log_agent.http.message import basic_auth
from pillion_log_agent.http.tls import make_context
from pillion_log_agent.outputs.elasticsearch.body import Plan, bulk_body
from pillion_log_agent.outputs.elasticsearch.results import read_results
from pillion_log_agent.outputs.splitting import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.http.message import Answer
    from pillion_log_agent.outputs.elasticsearch.declaration import BulkProperties
    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.pipeline.batch import Batch

OK = 200
TOO_LARGE = 413
_REFUSED = frozenset({400, TOO_LARGE, 422})
"""The request itself is refused: it is split, until what is wrong with it stands alone."""
_FILTER = "filter_path=took,errors,items.*.status,items.*.error"
"""All that is read of an answer; the rest is five times as much."""
_WORDS = 300
_COMPRESSION = 3


class BulkOutput:
    """Sends records to Elasticsearch or OpenSearch."""

    delay = True

    def __init__(self, properties: BulkProperties, context: OutputContext) -> None:
        self._plan = Plan.of(properties)
        self._context = context
        self._timeout = properties.response_timeout
        self._compresses = properties.compress is not None
        self._headers = _headers(properties)
        self._target = _target(properties)
        self._client = Client(_endpoint(properties))

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches in one request.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
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
            # A record that is refused alone is refused for good.
            reason = "too_large" if answer.status == TOO_LARGE else str(answer.status)
            return await split(batches, self.write, reason, _start_of(answer))
        raise TransientError(
            f"{self._client.endpoint} answered {answer.status}: {_start_of(answer)}",
            reason=str(answer.status),
            after=answer.retry_after(now / 1e9),
        )

    async def close(self) -> None:
        """Close the connection."""
        self._client.close()

    async def _post(self, body: list[bytes]) -> Answer:
        if self._compresses:
            body = [await asyncio.to_thread(gzip.compress, b"".join(body), _COMPRESSION)]
        return await self._client.request(
            "POST", self._target, self._headers, body, timeout=self._timeout
        )


def _headers(properties: BulkProperties) -> dict[str, str]:
    headers = {
        "Host": ":".join(map(str, _host(properties))),
        "User-Agent": "pillion-log-agent",
        "Content-Type": "application/x-ndjson",
    }
    if properties.compress is not None:
        headers["Content-Encoding"] = "gzip"
    if properties.cloud_auth is not None:
        user, _, password = properties.cloud_auth.partition(":")
        headers["Authorization"] = basic_auth(user, password)
    elif properties.http_api_key is not None:
        headers["Authorization"] = f"ApiKey {properties.http_api_key}"
    elif properties.http_user is not None:
        headers["Authorization"] = basic_auth(properties.http_user, properties.http_passwd)
    return headers


def _target(properties: BulkProperties) -> str:
    path = properties.path.strip("/")
    pipeline = f"&pipeline={quote(properties.pipeline, safe='')}" if properties.pipeline else ""
    return f"/{quote(path) + '/' if path else ''}_bulk?{_FILTER}{pipeline}"


def _endpoint(properties: BulkProperties) -> Endpoint:
    host, port = _host(properties)
    if not host:
        raise ConfigurationError("host: is empty")
    tls = make_context(properties)
    if tls is None and properties.cloud_id is not None:
        raise ConfigurationError("tls: has to be on with cloud_id")
    return Endpoint(
        host, port, tls, properties.tls_vhost, connect_timeout=properties.net_connect_timeout
    )


def _host(properties: BulkProperties) -> tuple[str, int]:
    """Return host and port; those of a cloud id are in it, as `name:base64(domain$id$...)`."""
    if properties.cloud_id is None:
        return properties.host, properties.port
    _, _, coded = properties.cloud_id.rpartition(":")
    try:
        domain, cluster, *_ = base64.b64decode(coded, validate=True).decode().split("$")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ConfigurationError("cloud_id: is none; copy it from the deployment's page") from None
    domain, _, port = domain.partition(":")
    return f"{cluster}.{domain}", int(port) if port.isdigit() else 443


def _start_of(answer: Answer) -> str:
    return answer.body[:_WORDS].decode("utf-8", "replace")
