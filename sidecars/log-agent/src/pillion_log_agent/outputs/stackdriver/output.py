"""The output itself: writes entries, and reads which of them are refused.

Source: Google Cloud Logging, "Method: entries.write", with `partialSuccess`.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.network.tls import make_context
from pillion_log_agent.outputs.http_client import HttpClient
from pillion_log_agent.outputs.metadata_service import MetadataService
from pillion_log_agent.outputs.output import TAKEN, Outcome, Rejection
from pillion_log_agent.outputs.retry_after import parse_retry_after
from pillion_log_agent.outputs.splitting import split
from pillion_log_agent.outputs.stackdriver.entries import entries
from pillion_log_agent.outputs.stackdriver.properties import check
from pillion_log_agent.outputs.stackdriver.resource import Machine
from pillion_log_agent.outputs.stackdriver.token import (
    Tokens,
    endpoint_of,
    read_service_account,
)
from pillion_log_agent.records.json_rows import decode_object
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.http_client import Answer
    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.outputs.stackdriver.properties import StackdriverProperties
    from pillion_log_agent.records.batch import Batch

CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
_TARGET = "/v2/entries:write"
_OK, _NOT_LET_IN = 200, 401
_REFUSED = frozenset({400, 413})
_LIMIT = 8 * 1024 * 1024
_LEVEL = 3
_WORDS = 500
_FLAVOR = {"Metadata-Flavor": "Google"}


class StackdriverOutput:
    """Writes entries to Google Cloud Logging."""

    delay = True

    def __init__(self, properties: StackdriverProperties, context: OutputContext) -> None:
        check(properties)
        path = properties.google_service_credentials or os.environ.get(CREDENTIALS)
        account = read_service_account(path) if path else None
        tls = make_context(properties)
        base = properties.cloud_logging_base_url
        endpoint = endpoint_of(base, tls, connect_timeout=properties.net_connect_timeout)
        self._properties = properties
        self._wall_ns = context.wall_ns
        self._metadata = _metadata(properties.metadata_server)
        self._tokens = Tokens(account, self._metadata, tls, context.wall_ns)
        self._project = account.project if account is not None else None
        self._machine: Machine | None = None
        headers = {
            "Host": urlsplit(base).netloc,
            "User-Agent": "pillion-log-agent",
            "Content-Type": "application/json",
        }
        if properties.compress is not None:
            headers["Content-Encoding"] = "gzip"
        self._client = HttpClient(endpoint, headers)

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Write the entries of batches in one request.

        Raises:
            TransientError: the API is not there, is busy, or does not let us in.
        """
        machine = await self._known_machine()
        made = [each for batch in batches for each in entries(batch, self._properties, machine)]
        answer = await self._post(from_wire(json_of({"entries": made, "partialSuccess": True})))
        if answer.status == _OK:
            return TAKEN
        error = (decode_object(answer.body) or {}).get("error")
        refused = _refused(error)
        if refused:
            return _outcome(batches, refused)
        words = _words(error, answer)
        if answer.status in _REFUSED:
            return await split(batches, self.write, str(answer.status), words)
        if answer.status == _NOT_LET_IN:
            self._tokens.forget()
        raise TransientError(
            words,
            reason=str(answer.status),
            after=parse_retry_after(
                answer.headers.get("Retry-After", ""), self._wall_ns() / 1_000_000_000
            ),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
        await self._tokens.close()
        await self._metadata.close()

    async def _post(self, body: bytes) -> Answer:
        token = await self._tokens.current()
        if self._properties.compress is not None:
            body = await asyncio.to_thread(gzip.compress, body, _LEVEL)
        return await self._client.request(
            "POST",
            _TARGET,
            [body],
            timeout=self._properties.response_timeout,
            limit=_LIMIT,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def _known_machine(self) -> Machine:
        """Return what is known of the project and instance; raises TransientError."""
        if self._machine is None:
            project = self._project or await self._said("project/project-id")
            zone = instance = ""
            if self._properties.resource == "gce_instance":
                zone = (await self._said("instance/zone")).rpartition("/")[2]
                instance = await self._said("instance/id")
            self._machine = Machine(project, zone, instance)
        return self._machine

    async def _said(self, what: str) -> str:
        found = await self._metadata.text(f"/computeMetadata/v1/{what}", headers=_FLAVOR)
        if not found:
            raise TransientError(f"the metadata server has no {what}", reason="credentials")
        return found


def _metadata(address: str) -> MetadataService:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = parts.port or 80
    except ValueError:
        port = 0
    if not parts.hostname or not port or parts.scheme != "http":
        raise ConfigurationError(
            f"metadata_server: {address!r} is not an address; write http://host"
        )
    return MetadataService(parts.hostname, port)


def _refused(error: Any) -> dict[int, tuple[str, str]]:
    """Return which entries are refused, by number, with a word and the API's words."""
    details = error.get("details") if isinstance(error, dict) else None
    found: dict[int, tuple[str, str]] = {}
    for detail in details if isinstance(details, list) else ():
        errors = detail.get("logEntryErrors") if isinstance(detail, dict) else None
        for number, status in errors.items() if isinstance(errors, dict) else ():
            if str(number).isdecimal() and isinstance(status, dict):
                words = str(status.get("message") or "")[:_WORDS]
                found[int(str(number)[:9])] = f"code_{int(status.get('code') or 0)}", words
    return found


def _outcome(batches: Sequence[Batch], refused: dict[int, tuple[str, str]]) -> Outcome:
    places = [(number, row) for number, batch in enumerate(batches) for row in range(len(batch))]
    return Outcome(
        [
            Rejection(*places[number], reason, words)
            for number, (reason, words) in refused.items()
            if number < len(places)
        ]
    )


def _words(error: Any, answer: Answer) -> str:
    said = error.get("message") if isinstance(error, dict) else None
    text = str(said) if said else answer.body[:_WORDS].decode("utf-8", "replace")
    return f"Google Cloud Logging answered {answer.status}: {text[:_WORDS]}"
