"""Making a connection: each address in turn, the PROXY header, then TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_nginx_exporter.fetch.connection import Connection
from pillion_nginx_exporter.fetch.failure import translated
from pillion_nginx_exporter.fetch.proxy_protocol import proxy_header

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pillion_nginx_exporter.fetch.address import Address
    from pillion_nginx_exporter.fetch.tls import ClientTls
    from pillion_nginx_exporter.target import Endpoint


async def dial(
    endpoint: Endpoint,
    addresses: Sequence[Address],
    deadline: float,
    *,
    tls: ClientTls,
    sends_proxy_header: bool,
) -> Connection:
    """Return a connection to the first address that takes one, ready to be asked.

    Args:
        endpoint: what the addresses stand for.
        addresses: where to connect to; `localhost` has two, and nginx may listen on one.
        deadline: when to have given up, in the loop's time; the addresses share what is left.
        tls: how TLS is spoken, where the endpoint asks for it.
        sends_proxy_header: whether to begin with the header of the PROXY protocol.

    Raises:
        TransientError: none took it.
    """
    opened = await _connect(addresses, deadline)
    async with _closed_on_error(opened, endpoint):
        loop = asyncio.get_running_loop()
        if sends_proxy_header:
            header = proxy_header(opened.family, opened.getsockname(), opened.getpeername())
            await loop.sock_sendall(opened, header)
        context = tls.context() if endpoint.is_tls else None
        _, connection = await loop.create_connection(
            lambda: Connection(endpoint),
            sock=opened,
            ssl=context,
            server_hostname=(tls.server_name or endpoint.host) if context else None,
        )
    return connection


async def _connect(addresses: Sequence[Address], deadline: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    failures: list[TransientError] = []
    for index, address in enumerate(addresses):
        now = loop.time()
        share = now + (deadline - now) / (len(addresses) - index)
        opened = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            async with _closed_on_error(opened, address), asyncio.timeout_at(share):
                await loop.sock_connect(opened, address.sockaddr)
        except TransientError as failure:
            failures.append(failure)
        else:
            return opened
    sentence = ", and ".join(dict.fromkeys(str(failure) for failure in failures))
    raise TransientError(sentence, reason=failures[-1].reason)


@contextlib.asynccontextmanager
async def _closed_on_error(opened: socket.socket, who: Address | Endpoint) -> AsyncIterator[None]:
    try:
        yield
    except OSError as error:
        opened.close()
        raise translated(error, str(who)) from None
    except BaseException:
        opened.close()
        raise
