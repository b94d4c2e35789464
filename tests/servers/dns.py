"""A name server for tests: dnspython's messages over UDP, TCP and TLS on loopback.

What it answers is a function of the query, so that a test can answer wrongly on purpose.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    Answer = Callable[[bytes], list[bytes]]

RECORDS = {
    "A": ["3600 IN A 127.0.0.1", "3600 IN A 127.0.0.2"],
    "AAAA": ["3600 IN AAAA ::1"],
    "SOA": ["3600 IN SOA ns.example.com. noc.example.com. 1000 7200 3600 1209600 3600"],
    "MX": ["60 IN MX 10 mail.example.com.", "60 IN MX 20 Mail2.example.com."],
    "TXT": [r'60 IN TXT "v=spf1 -all" "a \"quoted\" part; and \\ a slash"'],
    "SRV": ["60 IN SRV 1 2 443 host.example.com."],
    "CAA": ['60 IN CAA 0 issue "letsencrypt.org"'],
    "CNAME": ["60 IN CNAME target.example.com."],
    "DS": ["60 IN DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"],
    "DNSKEY": [
        "60 IN DNSKEY 257 3 8 " + "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3"
    ],
    "SSHFP": ["60 IN SSHFP 2 1 123456789abcdef67890123456789abcdef67890"],
    "TLSA": ["60 IN TLSA 3 1 1 " + "ab" * 32],
    "NAPTR": ['60 IN NAPTR 100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.example.com.'],
    "HTTPS": ['60 IN HTTPS 1 . alpn="h2,h3" ipv4hint="192.0.2.1"'],
    "TYPE65400": [r"60 IN TYPE65400 \# 4 0a000001"],
}
AUTHORITY = ["7200 IN NS ns1.isp.net.", "7200 IN NS ns2.isp.net."]
ADDITIONAL = {
    "ns1.isp.net.": ["7200 IN A 127.0.0.1", "7200 IN AAAA ::1"],
    "ns2.isp.net.": ["7200 IN A 127.0.0.2"],
}


def zone(query: bytes) -> list[bytes]:
    """Answer from the records above; REFUSED without recursion, NXDOMAIN for other names."""
    return [reply(query).to_wire(max_size=65535)]


def reply(query: bytes) -> dns.message.Message:
    """Return the answer of `zone` as a message, to be bent by a test."""
    asked = dns.message.from_wire(query)
    answer = dns.message.make_response(asked)
    question = asked.question[0]
    name = question.name.to_text()
    if not asked.flags & dns.flags.RD:
        answer.set_rcode(dns.rcode.REFUSED)
    elif not name.endswith("example.com."):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif question.rdclass == dns.rdataclass.CH:
        answer.answer = [dns.rrset.from_text(name, 0, "CH", "TXT", '"a server"')]
    else:
        kind = dns.rdatatype.to_text(question.rdtype)
        answer.answer = sets({name: RECORDS.get("A" if kind == "ANY" else kind, [])})
        answer.authority = sets({name: AUTHORITY})
        answer.additional = sets(ADDITIONAL)
    return answer


def sets(records: dict[str, list[str]]) -> list[dns.rrset.RRset]:
    """Return records, by owner, as sets of one record each, so that their order stays."""
    found = []
    for owner, lines in records.items():
        for line in lines:
            ttl, klass, kind, data = line.split(" ", 3)
            found.append(dns.rrset.from_text(owner, int(ttl), klass, kind, data))
    return found


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for message in self._answer(data):
            self._transport.sendto(message, addr)


@asynccontextmanager
async def name_server(
    answer: Answer = zone, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """Serve on one port over UDP and over TCP, with TLS where given; yields `host:port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            length = int.from_bytes(await reader.readexactly(2), "big")
            for message in answer(await reader.readexactly(length)):
                writer.write(len(message).to_bytes(2, "big") + message)
            await writer.drain()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(serve, host, 0, ssl=tls)
        stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(answer), local_addr=(host, port)
        )
        stack.callback(transport.close)
        yield f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
