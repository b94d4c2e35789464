"""What the outputs share that post records over HTTP: properties, headers, what an answer means.

Source: "Networking" and the HTTP outputs of fluent-bit's manual.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, TransientError
from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.kinds import PAIR, PORT, TEXT, TIME, choice
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.network.endpoint import Endpoint, basic_auth
from pillion_log_agent.network.tls import TlsProperties, make_context
from pillion_log_agent.outputs.retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion_log_agent.outputs.http_client import Answer, HttpClient
    from pillion_log_agent.outputs.output import OutputContext

REFUSED = frozenset({400, 413, 422})
"""The request itself is refused: it is split, until what is wrong with it stands alone."""
WORDS = 500
_LEVEL = 3
_SUCCESS = range(200, 300)
_FORBIDDEN = ("content-length", "host", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True)
class HttpProperties(TlsProperties):
    """The properties of an output that posts over HTTP, beside those of TLS."""

    host: str = setting("host", TEXT, "The server.", default="127.0.0.1")
    port: int = setting("port", PORT, "Its port.", default=80)
    http_user: str | None = optional("http_user", TEXT, "The user of basic authentication.")
    http_passwd: str = setting("http_passwd", TEXT, "The user's password.", default="")
    header: tuple[tuple[str, ...], ...] = repeated("header", PAIR, "A header of each request.")
    compress: str | None = optional("compress", choice("gzip"), "Compress what is sent.")
    net_connect_timeout: float = setting(
        "net.connect_timeout", TIME, "The most that a connection may take.", default=10.0
    )
    response_timeout: float = setting(
        "http.response_timeout", TIME, "The most that an answer may take.", default=60.0
    )


ACCEPTED = {
    **NETWORK,
    "tls.debug": "errors of TLS are logged",
    "http.read_idle_timeout": "http.response_timeout bounds an answer as a whole",
    "log_response_payload": "the first words of a refusal are logged, always",
    "allow_duplicated_headers": "a later header of a name takes the place of an earlier one",
    "buffer_size": "an answer is read whole, up to a MiB",
}
NOT_SIGNED = "put a proxy that signs requests in between"
NOT_HAD = {
    "proxy": "give the proxy's host and port, if it forwards to one server, or let a route do it",
    "net.source_address": "let the system's routes choose the address",
    "upstream": "give one output for each server, or a host name that stands for all of them",
    "aws_auth": NOT_SIGNED,
    "aws_service": NOT_SIGNED,
    "oauth2.enable": "put a proxy that fetches the token in between, or give header Authorization",
}
ANSWER_LIMIT = 1024 * 1024


class HttpSender:
    """Posts to one server and says what an answer means.

    Raises, when it is made:
        ConfigurationError: a file of TLS cannot be used, or a header cannot be sent.
    """

    def __init__(
        self,
        properties: HttpProperties,
        context: OutputContext,
        *,
        content_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        from pillion_log_agent.outputs.http_client import HttpClient  # aiohttp  # noqa: PLC0415

        self._wall_ns = context.wall_ns
        self._timeout = properties.response_timeout
        self._compresses = properties.compress == "gzip"
        endpoint = Endpoint(
            properties.host,
            properties.port,
            make_context(properties),
            properties.tls_vhost,
            connect_timeout=properties.net_connect_timeout,
        )
        found = {
            "Host": _authority(endpoint),
            "User-Agent": "pillion-log-agent",
            "Content-Type": content_type,
            **(headers or {}),
        }
        if self._compresses:
            found["Content-Encoding"] = "gzip"
        if properties.http_user is not None:
            found["Authorization"] = basic_auth(properties.http_user, properties.http_passwd)
        self._client: HttpClient = HttpClient(endpoint, _with(found, properties.header))

    @property
    def endpoint(self) -> Endpoint:
        """Whom it posts to."""
        return self._client.endpoint

    async def post(
        self,
        target: str,
        body: Sequence[bytes],
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post a body; return an answer that takes it, or refuses it for what it is.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        if self._compresses:
            body = [await asyncio.to_thread(gzip.compress, b"".join(body), _LEVEL)]
        answer = await self._client.request(
            method, target, body, timeout=self._timeout, limit=ANSWER_LIMIT, headers=headers
        )
        if answer.status in _SUCCESS or answer.status in REFUSED:
            return answer
        raise TransientError(
            self.words(answer),
            reason=str(answer.status),
            after=parse_retry_after(answer.headers.get("Retry-After", ""), self._wall_ns() / 1e9),
        )

    def words(self, answer: Answer) -> str:
        """Return what the server said, its first words."""
        said = answer.body[:WORDS].decode("utf-8", "replace").strip()
        return f"{self.endpoint} answered {answer.status}{': ' if said else ''}{said}"

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()


def is_taken(answer: Answer) -> bool:
    """Whether a server has taken what was posted."""
    return answer.status in _SUCCESS


def _with(headers: dict[str, str], more: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """Return headers with those of the configuration, which come first."""
    for name, value in more:
        if name.lower() in _FORBIDDEN:
            raise ConfigurationError(f"header: {name} is set by HTTP itself; leave it out")
        headers = {key: each for key, each in headers.items() if key.lower() != name.lower()}
        headers[name] = value
    return headers


def _authority(endpoint: Endpoint) -> str:
    return str(endpoint).partition("://")[2]
