"""A web server that answers after a time: `python -m benchmarks.delaying PORT`.

`/250` is answered 250 ms after its head came. It shares no code with what is measured.
"""

from __future__ import annotations

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Delaying(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        milliseconds = int(data.split(b" ", 2)[1].lstrip(b"/") or b"0")
        asyncio.get_running_loop().call_later(milliseconds / 1000, self.answer)

    def answer(self) -> None:
        self.transport.write(ANSWER)
        self.transport.close()


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(
        Delaying, "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
