"""The output `forward`: chunks to a server, which says what it has."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.configuration.kinds import FLAG, PORT, TEXT
from pillion_log_agent.forward.framing import FramingError
from pillion_log_agent.forward.handshake import Client
from pillion_log_agent.network.tls import make_context
from pillion_log_agent.outputs.forward.chunk import chunk_of
from pillion_log_agent.outputs.forward.client import ForwardClient, Server
from pillion_log_agent.outputs.forward.upstream import read_upstream
from pillion_log_agent.outputs.output import TAKEN, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.settings import Kind
    from pillion_log_agent.outputs.forward.properties import ForwardProperties
    from pillion_log_agent.outputs.forward.upstream import Node
    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch

SEND_SECONDS = 60.0
_OF_NODE = {
    "host": "host",
    "port": "port",
    "tls": "tls",
    "tls.verify": "tls_verify",
    "tls.verify_hostname": "tls_verify_hostname",
    "tls.vhost": "tls_vhost",
    "tls.ca_file": "tls_ca_file",
    "tls.ca_path": "tls_ca_path",
    "tls.crt_file": "tls_crt_file",
    "tls.key_file": "tls_key_file",
    "tls.key_passwd": "tls_key_passwd",
    "shared_key": "shared_key",
    "username": "username",
    "password": "password",
    "self_hostname": "self_hostname",
}
_KINDS: dict[str, Kind[Any]] = {
    "port": PORT,
    "tls": FLAG,
    "tls.verify": FLAG,
    "tls.verify_hostname": FLAG,
}


class ForwardOutput:
    """Sends to one server, or to several in turn."""

    delay = True

    def __init__(self, properties: ForwardProperties, _context: OutputContext) -> None:
        self._properties = properties
        self._clients = [
            ForwardClient(server, properties.net_connect_timeout)
            for server in servers_of(properties)
        ]
        self._turn = 0

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send batches, and wait until the server has said which of them it has.

        Raises:
            TransientError: none is known to be there.
        """
        chunks = [chunk_of(batch, self._properties) for batch in batches]
        client = self._clients[self._turn % len(self._clients)]
        self._turn += 1
        await client.send([data for _, data in chunks], SEND_SECONDS)
        if not self._properties.require_ack_response:
            return TAKEN
        missing = {name for name, _ in chunks}
        error = await self._wait_for(client, missing)
        if error is None:
            return TAKEN
        client.close()
        if len(missing) == len(chunks):
            raise error
        again = [
            (number, index)
            for number, (name, _) in enumerate(chunks)
            if name in missing
            for index in range(len(batches[number]))
        ]
        return Outcome(again=again, cause=str(error))

    async def close(self) -> None:
        """End the connections."""
        for client in self._clients:
            await client.wait_closed()

    async def _wait_for(self, client: ForwardClient, missing: set[str]) -> TransientError | None:
        """Wait until nothing is missing; return why something is."""
        seconds = self._properties.ack_response_timeout
        try:
            async with asyncio.timeout(seconds):
                while missing:
                    missing.discard(await client.acknowledged())
        except TimeoutError:
            return TransientError(
                f"{client.server} acknowledged nothing for {seconds:g} s; if it cannot, set "
                "require_ack_response off",
                reason="timeout",
            )
        except FramingError as error:
            return TransientError(f"{client.server} answered {error}", reason="protocol")
        except TransientError as error:
            return error
        return None


def servers_of(properties: ForwardProperties) -> list[Server]:
    """Return whom to send to; raises ConfigurationError."""
    if properties.server:
        return [_server(_at(properties, each)) for each in properties.server]
    if properties.upstream is None:
        return [_server(properties)]
    return [
        _server(_as_node(properties, node, properties.upstream))
        for node in read_upstream(properties.upstream)
    ]


def _at(properties: ForwardProperties, address: str) -> ForwardProperties:
    host, _, port = address.rpartition(":")
    try:
        return replace(properties, host=host.strip("[]"), port=PORT.parse(port), server=())
    except ValueError as error:
        raise ConfigurationError(f"server: {address!r} {error}") from None


def _as_node(properties: ForwardProperties, node: Node, path: str) -> ForwardProperties:
    """Return the properties with what a node says."""
    found: dict[str, object] = {}
    for key, value in node.pairs.items():
        try:
            if key in _OF_NODE:
                found[_OF_NODE[key]] = _KINDS.get(key, TEXT).parse(value)
                continue
        except ValueError as error:
            raise ConfigurationError(f"{path}:{node.line}: {key}: {value!r} {error}") from None
        if key != "name":
            raise ConfigurationError(f"{path}:{node.line}: {key}: unknown key of a [NODE]")
    return replace(properties, **found)  # type: ignore[arg-type]  # by the table


def _server(properties: ForwardProperties) -> Server:
    client = None
    if properties.shared_key or properties.empty_shared_key:
        name = properties.self_hostname or socket.gethostname()
        key = properties.shared_key or ""
        client = Client(name, key, properties.username, properties.password)
    elif properties.username:
        raise ConfigurationError("username: needs shared_key, or empty_shared_key on")
    return Server(
        properties.host,
        properties.port,
        properties.unix_path,
        make_context(properties),
        properties.tls_vhost,
        client,
    )
