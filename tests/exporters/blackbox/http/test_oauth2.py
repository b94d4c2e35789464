"""OAuth2 tokens: fetched once, over TLS or a proxy, guarded, and why there is none."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.network import Network
from pillion_blackbox_exporter.network.rules import Rules, parse_rule
from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.certificates import Authority
from tests.servers.nginx import free_port
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = response(b'{"access_token": "abc", "token_type": "bearer", "expires_in": 3600}')
REFUSED = response(b"{}", "401 No")


class TokenServer:
    """Answers each request with the next of its answers, the last one again and again."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = answers
        self.heads: list[str] = []
        self.bodies: list[bytes] = []

    async def __call__(self, visit: Visit) -> None:
        head = await visit.read_request()
        self.heads.append(head)
        self.bodies.append(await visit.read_body(head))
        await visit.write(self.answers[min(len(self.heads), len(self.answers)) - 1])


async def no_probe(visit: Visit) -> None:
    await visit.read_request()
    await visit.write(response(b""))


async def asked(server: TokenServer, more: str = "", guard: Rules | None = None) -> Probed:
    """Probe a target with a token of a server."""
    async with serving(server) as port, serving(no_probe) as target:
        return await probed(f"127.0.0.1:{target}", module(port, more), guard=guard)


def module(port: int, more: str = "", scheme: str = "http", host: str = "127.0.0.1") -> str:
    return f"""
        prober: http
        http:
          oauth2:
            client_id: me
            client_secret: hunter2
            token_url: {scheme}://{host}:{port}/token
            {more}
    """


async def test_a_token_is_fetched_once_and_sent_with_each_probe() -> None:
    server = TokenServer(TOKEN)
    probes: list[str] = []

    async def serve(visit: Visit) -> None:
        probes.append(await visit.read_request())
        await visit.write(response(b""))

    async with serving(server) as token_port, serving(serve) as port:
        network = Network()
        for _ in range(3):
            text = module(token_port, "scopes: [a, b]")
            assert (await probed(f"127.0.0.1:{port}", text, network=network)).success
    (head,) = server.heads
    assert head.startswith("POST /token HTTP/1.1\r\n")
    assert "authorization: basic bwu6ahvudgvymg==\r\n" in head.lower()
    assert server.bodies == [b"grant_type=client_credentials&scope=a+b"]
    assert all("Authorization: Bearer abc\r\n" in request for request in probes)


async def test_a_server_that_wants_the_secret_in_the_form_gets_it_there() -> None:
    server = TokenServer(REFUSED, TOKEN)
    assert (await asked(server)).success
    assert "authorization:" not in server.heads[1].lower()
    assert server.bodies[1].endswith(b"&client_id=me&client_secret=hunter2")


async def test_a_server_that_gives_none_is_the_reason() -> None:
    result = await asked(TokenServer(REFUSED))
    assert result.reason == "authorization"
    assert result.sentence == "the token server answered with the status 401"


async def test_an_answer_without_a_token_is_the_reason() -> None:
    result = await asked(TokenServer(response(b"[1]")))
    assert result.sentence == "the token server's answer has no access_token"


async def test_an_answer_that_has_no_end_is_not_read() -> None:
    result = await asked(TokenServer(response(b"x" * (1024 * 1024 + 1))))
    assert result.sentence == "the token server's answer is too long"


async def test_a_server_that_is_not_there_is_told_without_the_secret() -> None:
    port = free_port()
    result = await probed("127.0.0.1:1", module(port))
    assert result.reason == "authorization"
    assert result.sentence == (
        f"the token server 127.0.0.1:{port} cannot be reached: connection refused"
    )
    assert "hunter2" not in result.log


async def test_a_server_that_breaks_off_is_told() -> None:
    async def close(visit: Visit) -> None:
        await visit.read_request()

    async with serving(close) as port:
        result = await probed("127.0.0.1:1", module(port))
    assert result.reason == "authorization"
    assert f"the token server 127.0.0.1:{port} broke off" in result.sentence


async def test_over_tls_the_server_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("tokens.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    tls = f"tls_config: {{ca_file: {authority.path}, server_name: %s}}"
    async with serving(TokenServer(TOKEN), context) as port, serving(no_probe) as target:
        right = module(port, tls % "tokens.example", "https")
        assert (await probed(f"127.0.0.1:{target}", right)).success
        wrong = module(port, tls % "other.example", "https")
        result = await probed(f"127.0.0.1:{target}", wrong)
    assert result.reason == "authorization"
    assert "its certificate is not trusted: Hostname mismatch" in result.sentence


async def test_a_server_that_the_guard_denies_gets_no_secret() -> None:
    server = TokenServer(TOKEN)
    async with serving(server) as port:
        rules = Rules((), (parse_rule("127.0.0.1"),), deny_metadata=False)
        result = await probed("127.0.0.2:1", module(port), guard=rules)
    assert result.reason == "denied"
    assert server.heads == []


async def test_a_proxy_is_asked_for_the_token_server_by_its_name() -> None:
    server = TokenServer(TOKEN)
    async with serving(server) as port, serving(no_probe) as target:
        more = f"proxy_url: http://user:pw@127.0.0.1:{port}"
        text = module(80, more, host="nowhere.invalid")
        assert (await probed(f"127.0.0.1:{target}", text)).success
    (head,) = server.heads
    assert head.startswith("POST http://nowhere.invalid")
    assert "proxy-authorization: basic dxnlcjpwdw==\r\n" in head.lower()
