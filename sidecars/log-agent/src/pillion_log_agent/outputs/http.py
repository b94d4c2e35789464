"""The output `http`: records to any server of HTTP.

Source: fluent-bit's manual, "HTTP".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import TEXT, choice
from pillion_log_agent.outputs.gelf_message import GelfKeys
from pillion_log_agent.outputs.http_sender import (
    ACCEPTED,
    NOT_HAD,
    HttpProperties,
    HttpSender,
    is_taken,
)
from pillion_log_agent.outputs.message import MessageProperties, message_of
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.splitting import split, whole, write_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch

_TYPES = {
    "msgpack": "application/msgpack",
    "json_lines": "application/x-ndjson",
    "json_stream": "application/json",
    "json": "application/json",
    "gelf": "application/json",
}


@dataclass(frozen=True, slots=True)
class HttpOutputProperties(HttpProperties):
    """The properties of `http`, beside those of every output over HTTP."""

    uri: str = setting("uri", TEXT, "The path, with its query.", default="/")
    http_method: str = setting("http_method", choice("post", "put"), "The method.", default="post")
    header_tag: str | None = optional("header_tag", TEXT, "The header that the tag goes into.")
    format: str = setting(
        "format",
        choice("json", "json_lines", "json_stream", "msgpack", "gelf"),
        "json: a list; json_lines: an object a line; json_stream: objects with nothing between; "
        "msgpack: as fluent-bit has its events; gelf: messages of Graylog.",
        default="json",
    )
    json_date_key: str = setting(
        "json_date_key", TEXT, "The field of the time; false leaves it out.", default="date"
    )
    json_date_format: str = setting(
        "json_date_format",
        choice("double", "epoch", "epoch_ms", "iso8601", "java_sql_timestamp"),
        "How the time is written.",
        default="double",
    )
    gelf_timestamp_key: str | None = optional(
        "gelf_timestamp_key", TEXT, "For gelf: the field that has the time."
    )
    gelf_host_key: str = setting(
        "gelf_host_key", TEXT, "For gelf: the field that has the host.", default="host"
    )
    gelf_short_message_key: str = setting(
        "gelf_short_message_key", TEXT, "For gelf: that of the message.", default="short_message"
    )
    gelf_full_message_key: str = setting(
        "gelf_full_message_key", TEXT, "For gelf: that of the whole.", default="full_message"
    )
    gelf_level_key: str = setting(
        "gelf_level_key", TEXT, "For gelf: that of the level.", default="level"
    )


class HttpOutput:
    """Posts records."""

    delay = True

    def __init__(self, properties: HttpOutputProperties, context: OutputContext) -> None:
        uri = properties.uri
        self._target = uri if uri.startswith("/") else f"/{uri}"
        self._method = properties.http_method.upper()
        self._header_tag = properties.header_tag
        self._render = message_of(
            MessageProperties(
                properties.format,
                properties.json_date_key,
                properties.json_date_format,
                gelf=GelfKeys(
                    timestamp=properties.gelf_timestamp_key,
                    host=properties.gelf_host_key,
                    short_message=properties.gelf_short_message_key,
                    full_message=properties.gelf_full_message_key,
                    level=properties.gelf_level_key,
                ),
            )
        )
        self._sender = HttpSender(properties, context, content_type=_TYPES[properties.format])

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Post the batches: in one request, or in one for each batch where a header has its tag.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        if self._header_tag is None:
            return await self._post(batches)
        return await write_parts(
            [whole(number, batch) for number, batch in enumerate(batches)], self._post
        )

    async def _post(self, batches: Sequence[Batch]) -> Outcome:
        headers = None if self._header_tag is None else {self._header_tag: batches[0].tag}
        answer = await self._sender.post(
            self._target, [self._render(batches)], method=self._method, headers=headers
        )
        if is_taken(answer):
            return TAKEN
        return await split(batches, self._post, str(answer.status), self._sender.words(answer))

    async def close(self) -> None:
        """Close the connection."""
        await self._sender.close()


HTTP = Declaration(
    name="http",
    summary="Posts records to a server of HTTP.",
    properties=HttpOutputProperties,
    accepted=ACCEPTED,
    refused={
        **NOT_HAD,
        "body_key": "use format json_lines, or the filter modify to leave the fields that go out",
        "headers_key": "give header, which is the same for every request",
    },
    build=HttpOutput,
)
