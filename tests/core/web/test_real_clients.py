"""Clients that others wrote: curl, nginx in front, httpx, requests."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest
import requests
from aiohttp import web

from tests.core.web.handlers import answering, echo_body, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.web.conftest import Serve

LONG = "metric 1\n" * 5000
NGINX = """
pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
  fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  upstream ours {{ server 127.0.0.1:{port}; keepalive 4; }}
  server {{ listen unix:{folder}/front.sock; location / {{
    proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_request_buffering off; }} }}
}}
"""


@pytest.fixture
def site() -> web.Application:
    return serving(get={"/": answering("hello"), "/long": answering(LONG)}, post={"/": echo_body})


async def said(*command: str, given: bytes = b"") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(30):
        out, _ = await process.communicate(given)
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.parametrize("flags", [(), ("--http1.0",), ("--http2",), ("-H", "Connection: close")])
async def test_curl_gets_it(flags: tuple[str, ...], site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        url = f"http://127.0.0.1:{running.port}"
        assert await said("curl", "-s", *flags, f"{url}/", f"{url}/") == (0, "hellohello")
        assert await said("curl", "-s", "--compressed", *flags, f"{url}/long") == (0, LONG)


async def test_curl_sends_a_body_that_it_asks_leave_for(
    site: web.Application, serve: Serve
) -> None:
    body = "x" * 500_000
    async with serve(site) as running:
        command = ("curl", "-s", "--data-binary", "@-", f"http://127.0.0.1:{running.port}/")
        assert await said(*command, given=body.encode()) == (0, body)
        chunked = (*command, "-H", "Transfer-Encoding: chunked")
        assert await said(*chunked, given=body.encode()) == (0, body)
        _, answer = await said(*command, given=b"x" * 3_000_000)
        assert answer.startswith("413 ")


async def test_nginx_in_front_keeps_its_connections(
    site: web.Application, serve: Serve, tmp_path: Path
) -> None:
    async with serve(site) as running:
        (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, port=running.port))
        nginx = await asyncio.create_subprocess_exec("nginx", "-c", str(tmp_path / "nginx.conf"))
        try:
            async with asyncio.timeout(20):
                while not (tmp_path / "front.sock").exists():
                    await asyncio.sleep(0.01)
            transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "front.sock"))
            async with httpx.AsyncClient(transport=transport, base_url="http://h") as client:
                answers = await asyncio.gather(*(client.get("/long") for _ in range(50)))
                assert {answer.text for answer in answers} == {LONG}
                echoed = await client.post("/", content=b"x" * 300_000)
                assert len(echoed.content) == 300_000
            assert 1 <= running.server.connection_count <= 50
        finally:
            nginx.terminate()
            await nginx.wait()
        assert "error" not in (tmp_path / "error.log").read_text()


async def test_httpx_and_requests_reuse_a_connection(site: web.Application, serve: Serve) -> None:
    async with serve(site) as running:
        url = f"http://127.0.0.1:{running.port}"
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(3):
                assert (await client.get(f"{url}/long")).text == LONG
            assert running.server.connection_count == 1

        def ask() -> list[str]:
            with requests.Session() as session:
                session.trust_env = False
                return [session.get(f"{url}/long", timeout=20).text for _ in range(3)]

        assert await asyncio.to_thread(ask) == [LONG] * 3
