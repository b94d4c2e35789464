"""Runs in a namespace of its own: a name server whose answers change, and who was let in.

Prints as JSON how often the server on the denied address was connected to, and what came of
each probe. The name server answers every second query with the denied address.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from collections import Counter
from typing import cast

from pillion_blackbox_exporter.network.rules import Rules, parse_rule
from tests.exporters.blackbox.probed import probed

ALLOWED, DENIED, PORT = "127.0.0.2", "127.0.0.1", 8080
_TYPE_A = 1


class NameServer(asyncio.DatagramProtocol):
    """Answers A queries with one address and then the other."""

    transport: asyncio.DatagramTransport

    def __init__(self) -> None:
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(b"\0", 12) + 5
        question, (kind,) = data[12:end], struct.unpack(">H", data[end - 4 : end - 2])
        answers = b""
        if kind == _TYPE_A:
            address = (ALLOWED, DENIED)[self.asked % 2]
            self.asked += 1
            answers = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + bytes(map(int, address.split(".")))
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, int(bool(answers)), 0, 0)
        self.transport.sendto(head + question + answers, addr)


async def main() -> None:
    loop = asyncio.get_running_loop()
    came: Counter[str] = Counter()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came[writer.get_extra_info("sockname")[0]] += 1
        await reader.read(1)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        writer.close()

    _, names = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 53))
    for address in (ALLOWED, DENIED):
        await asyncio.start_server(answer, address, PORT)
    rules = Rules([], [parse_rule(DENIED)])
    outcomes = []
    for _ in range(10):
        result = await probed(f"changing.test:{PORT}", sys.argv[1], guard=rules)
        outcomes.append("in" if result.success else result.reason)
    said = {"denied server": came[DENIED], "outcomes": outcomes, "asked": names.asked}
    print(json.dumps(said))  # noqa: T201


asyncio.run(main())
