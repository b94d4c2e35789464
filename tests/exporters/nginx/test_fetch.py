"""The client against servers that answer byte for byte what a test wants."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pillion.errors import TransientError
from pillion_nginx_exporter.fetch import Client, ClientTls, Wire
from pillion_nginx_exporter.fetch.address import Address, resolve
from pillion_nginx_exporter.target import Endpoint, parse_target
from tests.servers.wire import Visit, response, serving


async def fetched(client: Client, within: float = 5.0) -> bytes:
    return await client.fetch(asyncio.get_running_loop().time() + within)


def client_of(port: int, path: str = "/s", user: str = "") -> Client:
    return Client(parse_target(f"http://{user}127.0.0.1:{port}{path}"), Wire(ClientTls()))


async def failure(client: Client, within: float = 5.0) -> TransientError:
    with pytest.raises(TransientError) as caught:
        await fetched(client, within)
    client.close()
    return caught.value


async def answer_of(*pieces: bytes) -> bytes:
    """Return what the client makes of an answer that comes in these pieces, then an end."""

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        for piece in pieces:
            await visit.write(piece)
            await asyncio.sleep(0)

    async with serving(serve) as port:
        client = client_of(port)
        try:
            return await fetched(client)
        finally:
            client.close()


async def failure_of(answer: bytes) -> TransientError:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(answer)

    async with serving(serve) as port:
        return await failure(client_of(port))


async def test_the_request_says_whom_it_is_for_and_from() -> None:
    requests = []

    async def serve(visit: Visit) -> None:
        requests.append(await visit.read_request())
        await visit.write(response(b"page"))

    async with serving(serve) as port:
        client = client_of(port, "/s?x=y", user="user:sesame@")
        await fetched(client)
        client.close()
    line, *headers = requests[0].split("\r\n")
    assert line == "GET /s?x=y HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}" in headers
    assert "Authorization: Basic dXNlcjpzZXNhbWU=" in headers
    assert any(header.startswith("User-Agent: pillion-nginx-exporter/") for header in headers)


async def test_a_body_may_have_a_length() -> None:
    assert await answer_of(response(b"page")) == b"page"


async def test_a_body_may_be_chunked() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert await answer_of(head + b"2\r\npa\r\n2\r\nge\r\n0\r\n\r\n") == b"page"


async def test_a_body_may_end_with_the_connection() -> None:
    assert await answer_of(b"HTTP/1.0 200 OK\r\n\r\n", b"pa", b"ge") == b"page"


async def test_an_answer_may_come_byte_by_byte() -> None:
    assert await answer_of(*(bytes([byte]) for byte in response(b"page"))) == b"page"


async def test_an_interim_response_is_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
    assert await answer_of(early + response(b"page")) == b"page"


async def test_one_connection_serves_every_fetch() -> None:
    visits = []

    async def serve(visit: Visit) -> None:
        visits.append(visit.number)
        while True:
            await visit.read_request()
            await visit.write(response(b"page"))

    async with serving(serve) as port:
        client = client_of(port)
        assert [await fetched(client) for _ in range(3)] == [b"page"] * 3
        client.close()
    assert visits == [1]


async def test_a_connection_that_says_close_is_not_used_again() -> None:
    visits = []

    async def serve(visit: Visit) -> None:
        visits.append(visit.number)
        await visit.read_request()
        await visit.write(response(b"page", "200 OK", "Connection: close"))
        await visit.wait_for_end()

    async with serving(serve) as port:
        client = client_of(port)
        assert [await fetched(client) for _ in range(2)] == [b"page"] * 2
        client.close()
    assert visits == [1, 2]


async def test_a_connection_that_is_closed_under_a_request_is_opened_anew() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"page"))
        # The second request on a connection meets its end, as when nginx closes an idle one.
        await visit.read_request()

    async with serving(serve) as port:
        client = client_of(port)
        assert [await fetched(client) for _ in range(4)] == [b"page"] * 4
        client.close()


async def test_a_new_connection_that_is_closed_is_not_tried_again() -> None:
    visits = []

    async def serve(visit: Visit) -> None:
        visits.append(visit.number)
        await visit.read_request()

    async with serving(serve) as port:
        error = await failure(client_of(port))
    assert error.reason == "reset"
    assert str(error) == f"127.0.0.1:{port} closed the connection before its answer was complete"
    assert visits == [1]


async def test_an_answer_cut_short_is_not_asked_for_again() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"page"))
        await visit.read_request()
        await visit.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npage")

    async with serving(serve) as port:
        client = client_of(port)
        await fetched(client)
        assert (await failure(client)).reason == "reset"


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    visits = []

    async def serve(visit: Visit) -> None:
        visits.append(visit.number)
        await visit.read_request()
        await visit.write(response(b"page") + response(b"more"))
        await visit.wait_for_end()

    async with serving(serve) as port:
        client = client_of(port)
        assert [await fetched(client) for _ in range(2)] == [b"page"] * 2
        client.close()
    assert visits == [1, 2]


@pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized", "500 Oops", "204 No"])
async def test_any_other_status_is_an_error(status: str) -> None:
    error = await failure_of(response(b"", status))
    assert error.reason == "status"
    assert f"/s answered with the status {status[:3]} in place of 200" in str(error)


async def test_an_answer_above_the_limit_is_given_up() -> None:
    error = await failure_of(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 65537)
    assert error.reason == "too_large"
    assert str(error).endswith("answered more than 64 KiB")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_an_error(answer: bytes) -> None:
    error = await failure_of(answer)
    assert error.reason == "protocol"
    assert str(error).endswith("answered with something that is not HTTP/1.1")


async def test_a_server_that_is_silent_is_given_up_at_the_deadline() -> None:
    async def serve(visit: Visit) -> None:
        await visit.wait_for_end()

    async with serving(serve) as port:
        error = await failure(client_of(port), within=0.05)
    assert (error.reason, str(error)) == ("timeout", f"127.0.0.1:{port} did not answer in time")


async def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = await failure(client_of(port))
    assert (error.reason, str(error)) == ("refused", f"127.0.0.1:{port} refused the connection")


async def test_a_socket_that_is_not_there_is_refused(tmp_path: object) -> None:
    error = await failure(Client(parse_target(f"unix:{tmp_path}/s:/"), Wire(ClientTls())))
    assert (error.reason, str(error)) == ("refused", f"unix:{tmp_path}/s is not there")


async def test_a_name_that_does_not_exist_is_an_error_of_dns() -> None:
    error = await failure(Client(parse_target("http://nginx.invalid/"), Wire(ClientTls())))
    assert error.reason == "dns"
    assert str(error).startswith("nginx.invalid cannot be resolved: ")


async def test_each_address_of_a_name_is_tried_in_turn() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"page"))

    async with serving(serve) as port:

        async def both(_: Endpoint) -> tuple[Address, ...]:
            first = Address(socket.AF_INET6, ("::1", port, 0, 0))
            return (first, Address(socket.AF_INET, ("127.0.0.1", port)))

        client = Client(
            parse_target(f"http://localhost:{port}/s"), Wire(ClientTls(), addresses=both)
        )
        assert await fetched(client) == b"page"
        client.close()


async def test_when_no_address_takes_it_all_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    async def both(_: Endpoint) -> tuple[Address, ...]:
        return tuple(Address(socket.AF_INET, (f"127.0.0.{n}", port)) for n in (1, 2))

    client = Client(parse_target("http://nginx/"), Wire(ClientTls(), addresses=both))
    assert str(await failure(client)) == (
        f"127.0.0.1:{port} refused the connection, and 127.0.0.2:{port} refused the connection"
    )


async def test_an_address_needs_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", None)
    assert [str(found) for found in await resolve(Endpoint("::1", 80, is_tls=False))] == [
        "[::1]:80"
    ]
    assert [str(found) for found in await resolve(Endpoint("1.2.3.4", 80, is_tls=False))] == ["1.2.3.4:80"]  # fmt: skip


async def test_redirects_are_followed_on_kept_connections() -> None:
    paths = []

    async def serve(visit: Visit) -> None:
        while True:
            paths.append((await visit.read_request()).split(" ")[1])
            if paths[-1] == "/s":
                await visit.write(response(b"", "301 Moved", "Location: /t"))
            else:
                await visit.write(response(b"page"))

    async with serving(serve) as port:
        client = client_of(port)
        assert [await fetched(client) for _ in range(2)] == [b"page"] * 2
        client.close()
    assert paths == ["/s", "/t", "/s", "/t"]


async def test_redirects_without_an_end_are_given_up_after_ten() -> None:
    paths = []

    async def serve(visit: Visit) -> None:
        while True:
            paths.append((await visit.read_request()).split(" ")[1])
            await visit.write(response(b"", "302 Found", "Location: /s"))

    async with serving(serve) as port:
        error = await failure(client_of(port))
    assert error.reason == "redirect"
    assert str(error).endswith("/s redirects more than 10 times")
    assert len(paths) == 11


async def test_a_redirect_to_elsewhere_than_http_is_not_followed() -> None:
    error = await failure_of(response(b"", "302 Found", "Location: unix:/run/docker.sock"))
    assert error.reason == "redirect"
    assert str(error).endswith("/s leads to a Unix socket")


async def test_a_redirect_without_a_location_is_a_status() -> None:
    assert (await failure_of(response(b"", "302 Found"))).reason == "status"


async def test_a_cancelled_fetch_closes_its_connection() -> None:
    ended = asyncio.Event()

    async def serve(visit: Visit) -> None:
        await visit.read_request()
        fetch.cancel()
        await visit.wait_for_end()
        ended.set()

    async with serving(serve) as port:
        fetch = asyncio.ensure_future(fetched(client_of(port)))
        with pytest.raises(asyncio.CancelledError):
            await fetch
        await asyncio.wait_for(ended.wait(), 5)
