"""The outputs tcp, udp, syslog and gelf: what they send, and what becomes of a broken connection."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import zlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.outputs.gelf import chunked
from tests.sidecars.log_agent.made_outputs import made_output
from tests.sidecars.log_agent.test_outputs import batch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


class Sink:
    """A server that keeps what comes, and closes its connections when it is told to."""

    def __init__(self) -> None:
        self.port = 0
        self.data = b""
        self.writers: list[asyncio.StreamWriter] = []
        self.came = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while data := await reader.read(65536):
            async with self.came:
                self.data += data
                self.came.notify_all()
        writer.close()

    async def wait(self, *, size: int) -> bytes:
        async with asyncio.timeout(20), self.came:
            await self.came.wait_for(lambda: len(self.data) >= size)
        return self.data


@asynccontextmanager
async def sink(context: ssl.SSLContext | None = None) -> AsyncIterator[Sink]:
    found = Sink()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=context)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for writer in found.writers:
            writer.close()


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(20)
        yield made


def port_of(receiver: socket.socket) -> str:
    return str(receiver.getsockname()[1])


async def test_tcp_sends_lines_over_one_connection_and_opens_another_when_it_is_closed() -> None:
    async with sink() as server:
        output = made_output(
            "tcp", ("port", str(server.port)), ("format", "json_lines"), ("json_date_key", "false")
        )
        await output.write([batch({"a": 1}), batch({"a": 2})])
        first = b'{"a":1}\n{"a":2}\n'
        assert await server.wait(size=len(first)) == first
        await output.write([batch({"a": 3})])
        await server.wait(size=len(first) + 8)
        assert len(server.writers) == 1
        server.writers[0].close()
        await server.writers[0].wait_closed()
        await _until_seen(output)
        await output.write([batch({"a": 4})])
        assert (await server.wait(size=len(first) + 16)).endswith(b'{"a":4}\n')
        assert len(server.writers) == 2
        await output.close()


async def _until_seen(output: object) -> None:
    """Wait until the end of the connection has come to the sender's side."""
    stream = output._stream  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        while stream._reader is not None and not stream._reader.at_eof():
            await asyncio.sleep(0)


async def test_tcp_sends_one_field_of_each_record_that_has_it() -> None:
    async with sink() as server:
        output = made_output("tcp", ("port", str(server.port)), ("raw_message_key", "m"))
        await output.write([batch({"m": "one"}, {"x": 1}, {"m": 2})])
        assert await server.wait(size=6) == b"one\n2\n"
        await output.close()


async def test_nobody_at_the_port_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        output = made_output("tcp", ("port", str(taken.getsockname()[1])))
        with pytest.raises(TransientError, match="cannot be reached"):
            await output.write([batch({"a": 1})])


async def test_syslog_goes_over_tls_to_whom_it_trusts(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with sink(context) as server:
        output = made_output(
            "syslog",
            ("host", "localhost"),
            ("port", str(server.port)),
            ("mode", "tls"),
            ("tls", "on"),
            ("tls.ca_file", str(tmp_path / "ca.pem")),
            ("syslog_message_key", "log"),
            ("syslog_hostname_preset", "h"),
        )
        await output.write([batch({"log": "a\nb"}, {"log": "c"})])
        expected = b"<14>1 2026-11-21T10:00:00.123456Z h - - - - "
        assert await server.wait(size=93) == expected + b"a b\n" + expected + b"c\n"
        await output.close()


@pytest.mark.parametrize(
    ("entries", "record", "message"),
    [
        (
            [
                ("syslog_severity_key", "level"),
                ("syslog_facility_key", "$f"),
                ("syslog_appname_key", "app"),
            ],
            {"log": "x", "level": "error", "f": "local0", "app": "my app"},
            "<131>1 2026-11-21T10:00:00.123456Z h my_app - - - x",
        ),
        (
            [("syslog_sd_key", "sd"), ("syslog_procid_preset", "7"), ("syslog_msgid_key", "id")],
            {"log": "x", "sd": {"a b": 'q"]', "n": 1}, "id": "ID1"},
            '<14>1 2026-11-21T10:00:00.123456Z h - 7 ID1 [sd a_b="q\\"\\]" n="1"] x',
        ),
        (
            [
                ("syslog_format", "rfc3164"),
                ("syslog_appname_preset", "app"),
                ("syslog_procid_key", "p"),
            ],
            {"log": "x", "p": 12},
            "<14>Nov 21 10:00:00 h app[12]: x",
        ),
        (
            [("syslog_maxsize", "50")],
            {"log": "한글한글"},
            "<14>1 2026-11-21T10:00:00.123456Z h - - - - 한글",
        ),
    ],
)
async def test_syslog_puts_fields_where_the_rfcs_have_them(
    receiver: socket.socket, entries: list[tuple[str, str]], record: dict[str, object], message: str
) -> None:
    output = made_output(
        "syslog",
        ("port", port_of(receiver)),
        ("syslog_message_key", "log"),
        ("syslog_hostname_preset", "h"),
        *entries,
    )
    await output.write([batch(record)])
    assert receiver.recv(65536).decode() == message
    await output.close()


async def test_udp_sends_a_datagram_for_each_record_and_refuses_what_fits_none(
    receiver: socket.socket,
) -> None:
    output = made_output("udp", ("port", port_of(receiver)), ("json_date_key", "false"))
    outcome = await output.write([batch({"a": 1}, {"a": "x" * 70_000}, {"a": 3})])
    assert [receiver.recv(65536) for _ in range(2)] == [b'{"a":1}\n', b'{"a":3}\n']
    ((rejection),) = outcome.rejected
    assert (rejection.index, rejection.reason) == (1, "too_large")
    await output.close()


async def test_gelf_is_packed_and_cut_into_chunks_that_can_be_put_together(
    receiver: socket.socket,
) -> None:
    text = "".join(str(number) for number in range(2000))
    output = made_output(
        "gelf",
        ("port", port_of(receiver)),
        ("gelf_short_message_key", "log"),
        ("gelf_tag_key", "tag"),
        ("packet_size", "500"),
    )
    await output.write([batch({"log": text})])
    chunks = [receiver.recv(65536)]
    count = chunks[0][11]
    chunks += [receiver.recv(65536) for _ in range(count - 1)]
    assert count > 1
    assert all(len(chunk) <= 500 and chunk[:2] == b"\x1e\x0f" for chunk in chunks)
    whole = b"".join(chunk[12:] for chunk in sorted(chunks, key=lambda chunk: chunk[10]))
    message = json.loads(zlib.decompress(whole))
    assert (message["short_message"], message["_tag"]) == (text, "app")
    await output.close()


def test_gelf_of_more_than_128_chunks_is_refused() -> None:
    assert chunked(b"x" * 128 * 100, 112, b"12345678") is not None
    assert chunked(b"x" * (128 * 100 + 1), 112, b"12345678") is None


async def test_gelf_over_tcp_ends_each_message_with_nul() -> None:
    async with sink() as server:
        output = made_output("gelf", ("port", str(server.port)), ("mode", "tcp"))
        await output.write([batch({"short_message": "a"}, {})])
        data = await server.wait(size=20)
        while data.count(b"\0") < 2:
            data = await server.wait(size=len(data) + 1)
        texts = [json.loads(part)["short_message"] for part in data.split(b"\0")[:-1]]
        assert texts == ["a", "-"]
        await output.close()


@pytest.mark.parametrize(
    ("name", "entries", "sentence"),
    [
        ("syslog", [("mode", "tls")], "tls: has to be on"),
        ("syslog", [("syslog_severity_preset", "9")], "from 0 to 7"),
        ("gelf", [("packet_size", "5")], "packet_size: has to be from"),
        ("tcp", [("tls", "on"), ("tls.ca_file", "/no/ca")], "tls.ca_file: /no/ca"),
    ],
)
def test_what_cannot_work_is_refused(
    name: str, entries: list[tuple[str, str]], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        made_output(name, *entries)
