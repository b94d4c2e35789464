"""Making a connection: each address in turn, the PROXY header, then TLS."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion.net import NetworkError, Stream, connect, proxy_header
from pillion_nginx_exporter.fetch.connection import Connection
from pillion_nginx_exporter.fetch.failure import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    stream = await _connect(addresses, deadline)
    with _closed_on_error(stream, endpoint):
        if sends_proxy_header:
            opened = stream.socket
            stream.write(proxy_header(opened.family, opened.getsockname(), opened.getpeername()))
        if endpoint.is_tls:
            await stream.handshake(tls.context(), tls.server_name or endpoint.host)
    return Connection(endpoint, stream)


async def _connect(addresses: Sequence[Address], deadline: float) -> Stream:
    loop = asyncio.get_running_loop()
    failures: list[TransientError] = []
    for index, address in enumerate(addresses):
        now = loop.time()
        share = now + (deadline - now) / (len(addresses) - index)
        try:
            async with asyncio.timeout_at(share):
                opened, _ = await connect(address.family, address.sockaddr)
        except OSError as error:
            failures.append(translated(error, str(address)))
        else:
            return Stream(opened)
    sentence = ", and ".join(dict.fromkeys(str(failure) for failure in failures))
    raise TransientError(sentence, reason=failures[-1].reason)


@contextlib.contextmanager
def _closed_on_error(stream: Stream, who: Endpoint) -> Iterator[None]:
    try:
        yield
    except (OSError, NetworkError) as error:
        stream.close()
        raise translated(error, who) from None
    except BaseException:
        stream.close()
        raise
