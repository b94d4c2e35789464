"""What the exceptions of HTTP clients are called: those that the clients really raise."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx
import pytest

from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.network.failure import broke_off, cannot_be_reached
from tests.servers.wire import Visit, serving

ENDPOINT = Endpoint("search.example", 9200)


def raised(outer: Exception, inner: BaseException) -> Exception:
    """Return an exception that was raised from another."""
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "refused",
         "connection refused"),
        (OSError(errno.EHOSTUNREACH, "Connect call failed"), "connect", "no route to host"),
        (raised(OSError("All connection attempts failed"),
                ExceptionGroup("several", [ConnectionRefusedError(errno.ECONNREFUSED, "x")])),
         "refused", "connection refused"),
        (raised(OSError(None, "x"), socket.gaierror(-2, "Name or service not known")), "dns",
         "name or service not known"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), "tls",
         "wrong version number"),
        (TimeoutError(), "timeout", "timeout"),
        (RuntimeError("odd"), "connect", "odd"),
        (RuntimeError(), "connect", "RuntimeError"),
    ],
)  # fmt: skip
def test_why_there_is_no_connection_is_said_in_the_systems_words(
    error: Exception, reason: str, words: str
) -> None:
    found = cannot_be_reached(ENDPOINT, error)
    assert str(found) == f"http://search.example:9200 cannot be reached: {words}"
    assert found.reason == reason


@pytest.mark.parametrize(
    ("error", "how"),
    [
        (ConnectionResetError(errno.ECONNRESET, "x"), "reset"),
        (BrokenPipeError(errno.EPIPE, "x"), "reset"),
        (EOFError(), "closed"),
    ],
)
def test_how_a_connection_broke_off_is_said(error: Exception, how: str) -> None:
    found = broke_off(ENDPOINT, raised(RuntimeError("client"), error))
    assert str(found).endswith(f"broke off before its answer was whole ({how})")
    assert found.reason == "reset"


async def test_what_httpx_raises_is_understood() -> None:
    async def close(visit: Visit) -> None:
        await visit.read_request()

    async with httpx.AsyncClient(trust_env=False) as client:
        async with serving(close) as port:
            with pytest.raises(httpx.TransportError) as broken:
                await client.get(f"http://127.0.0.1:{port}/")
        with pytest.raises(httpx.ConnectError) as refused:
            await client.get(f"http://localhost:{port}/")
    assert str(broke_off(ENDPOINT, broken.value)).endswith("(closed)")
    assert str(cannot_be_reached(ENDPOINT, refused.value)).endswith(": connection refused")
