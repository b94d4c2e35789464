"""Many clients at a time, in one loop: each asks, waits for the answer, and asks again."""

from __future__ import annotations

import asyncio


async def ask(port: int, path: str, *, clients: int, asks: int, pause: float = 0.0) -> list[bytes]:
    """Return the bodies of `asks` answers to each of `clients`; raises AssertionError for no 200.

    Args:
        port: of 127.0.0.1.
        path: what is asked for.
        clients: how many at a time.
        asks: how often each.
        pause: the clients begin spread over so many seconds.
    """

    async def one(number: int) -> list[bytes]:
        await asyncio.sleep(pause * number / clients)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        bodies = []
        for _ in range(asks):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200"), head
            bodies.append(await _body(reader, head))
        writer.close()
        return bodies

    answers = await asyncio.gather(*(one(number) for number in range(clients)))
    return [body for bodies in answers for body in bodies]


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"content-length: " in head:
        return await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body
