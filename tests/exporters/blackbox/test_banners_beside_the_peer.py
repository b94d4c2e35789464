"""Servers that speak first, probed by us and by the peer: SSH, IRC, POP3, SMTP with STARTTLS."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.test_http_beside_the_peer import both, differing
from tests.exporters.blackbox.test_tcp_prober import STEPS, smtp
from tests.servers.blackbox_exporter import is_here
from tests.servers.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not is_here(), reason="the peer is not installed")

MODULES = r"""
modules:
  ssh_banner:
    prober: tcp
    timeout: 1s
    tcp: {query_response: [{expect: "^SSH-2.0-"}, {send: "SSH-2.0-prober"}]}
  irc_banner:
    prober: tcp
    timeout: 1s
    tcp:
      query_response:
        - {send: "NICK prober"}
        - {send: "USER prober prober prober :prober"}
        - {expect: "PING :([^ ]+)", send: "PONG ${1}"}
        - {expect: "^:[^ ]+ 001"}
  pop3_banner:
    prober: tcp
    timeout: 1s
    tcp: {query_response: [{expect: "^[+]OK"}]}
  smtp_starttls:
    prober: tcp
    timeout: 1s
    tcp:
      tls_config: {ca_file: CA}
      query_response: STEPS
"""


async def serve(stack: AsyncExitStack, *script: tuple[str, bytes]) -> int:
    """Serve a script: before each line that is said, one that begins so must have been heard."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for heard, said in script:
                while heard and not (line := await reader.readline()).startswith(heard.encode()):
                    if not line:
                        return
                writer.write(said)
                await writer.drain()
            await reader.read()
        except OSError:
            return
        finally:
            writer.close()

    server = await stack.enter_async_context(await asyncio.start_server(answer, "127.0.0.1", 0))
    port: int = server.sockets[0].getsockname()[1]
    return port


async def test_a_conversation_with_a_server_that_speaks_first_is_the_same(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("localhost", "127.0.0.1")
    text = MODULES.replace("CA", authority.path).replace("STEPS", indent(STEPS, "    "))
    wrong = {}
    async with AsyncExitStack() as stack:
        ports = {
            "ssh_banner": await serve(stack, ("", b"SSH-2.0-OpenSSH_9.2\r\n")),
            "irc_banner": await serve(
                stack,
                ("USER", b":irc.example NOTICE * :hello\r\nPING :4711\r\n"),
                ("PONG 4711", b":irc.example 001 prober :welcome\r\n"),
            ),
            "pop3_banner": await serve(stack, ("", b"+OK ready\r\n")),
            "smtp_starttls": await stack.enter_async_context(smtp((pair.certificate, pair.key))),
        }
        ours, theirs = await stack.enter_async_context(both(tmp_path, text))
        for module, port in ports.items():
            if found := await differing(ours, theirs, f"localhost:{port}", module):
                wrong[module] = found
            # A banner of another protocol fails both in the same way.
            other = ports["pop3_banner" if module != "pop3_banner" else "ssh_banner"]
            if found := await differing(ours, theirs, f"localhost:{other}", module):
                wrong[f"{module} elsewhere"] = found
    assert wrong == {}
