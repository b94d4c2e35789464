"""The WebSocket prober against aiohttp's server."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from tests.exporters.blackbox.probed import module_of, probed
from tests.servers.certificates import Authority
from tests.servers.websocket import websocket_server

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

PLAIN = "prober: websocket"


async def listen(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


async def greet(socket: web.WebSocketResponse) -> None:
    await socket.send_str("hello 42")
    async for message in socket:
        await socket.send_str(f"you said {message.data}")


async def greet_with_much(socket: web.WebSocketResponse) -> None:
    await socket.ping(b"are you there")
    await socket.send_bytes(b"\xff" * 70_000 + b"hello 42")
    async for message in socket:
        await socket.send_str(f"you said {message.data}")


async def test_an_upgrade_is_enough() -> None:
    async with websocket_server(listen) as (target, seen):
        found = await probed(f"ws://{target}/chat?room=1", PLAIN)
    assert found.success, found.log
    assert found.value("probe_websocket_status_code") == 101
    assert found.value("probe_websocket_connection_upgraded") == 1
    assert found.value("probe_websocket_failed_due_to_regex") == 0
    assert found.value("probe_websocket_duration_seconds", phase="processing") > 0
    assert found.value("probe_ip_protocol") == 4
    assert seen[0]["Host"] == target


CONVERSATION = r"""
    prober: websocket
    websocket:
      query_response:
        - expect: "hello (\\d+)"
          send: "got ${1}"
        - expect: "^you said got 42$"
"""


@pytest.mark.parametrize("talk", [greet, greet_with_much])
async def test_a_conversation_is_held_with_groups_of_the_match(talk: object) -> None:
    async with websocket_server(talk) as (target, _):  # type: ignore[arg-type]  # each is a Talk
        found = await probed(f"ws://{target}/", CONVERSATION)
    assert found.success, found.sentence
    assert found.value("probe_websocket_failed_due_to_regex") == 0
    assert found.value("probe_websocket_duration_seconds", phase="transfer") > 0


async def test_a_message_that_does_not_match_fails() -> None:
    text = "prober: websocket\nwebsocket: {query_response: [{expect: goodbye}]}"
    async with websocket_server(greet) as (target, _):
        found = await probed(f"ws://{target}", text)
    assert (found.phase, found.reason) == ("exchange", "regex")
    assert found.sentence == "the message does not match 'goodbye': 'hello 42'"
    assert found.value("probe_websocket_failed_due_to_regex") == 1
    assert found.value("probe_websocket_connection_upgraded") == 1


async def test_a_message_that_never_comes_fails_with_the_time() -> None:
    text = "prober: websocket\nwebsocket: {query_response: [{expect: x}]}"
    async with websocket_server(listen) as (target, _):
        found = await probed(f"ws://{target}", text, timeout=0.3)
    assert (found.phase, found.reason) == ("exchange", "timeout")
    assert found.value("probe_websocket_failed_due_to_regex") == 1


@pytest.mark.parametrize(("path", "status"), [("/forbidden", 403), ("/moved", 302)])
async def test_a_refused_upgrade_has_its_status(path: str, status: int) -> None:
    async with websocket_server(listen) as (target, _):
        found = await probed(f"ws://{target}{path}", PLAIN)
    assert (found.phase, found.reason) == ("upgrade", "status")
    assert found.value("probe_websocket_status_code") == status
    assert found.value("probe_websocket_connection_upgraded") == 0


async def test_headers_and_credentials_are_sent(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    text = f"""
        prober: websocket
        websocket:
          basic_auth: {{username: me, password: pass}}
          headers:
            X-One: {{values: [a], secrets: [b], files: ["{tmp_path}/token"]}}
            Host: {{values: [chat.example.com]}}
    """
    async with websocket_server(listen) as (target, seen):
        found = await probed(f"ws://{target}", text)
    assert found.success, found.sentence
    headers = seen[0]
    assert headers["Authorization"] == "Basic bWU6cGFzcw=="
    assert headers.getall("X-One") == ["a", "b", "from-a-file"]  # type: ignore[attr-defined]  # a multidict
    assert headers["Host"] == "chat.example.com"
    assert "from-a-file" not in found.log


async def test_the_hostname_parameter_is_the_host() -> None:
    async with websocket_server(listen) as (target, seen):
        await probed(f"ws://{target}", PLAIN, hostname="chat.example.com")
    assert seen[0]["Host"] == "chat.example.com"


async def test_tls_is_verified_and_reported(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    trusting = f"prober: websocket\nwebsocket: {{tls_config: {{ca_file: {authority.path}}}}}"
    async with websocket_server(greet, tls=context) as (target, _):
        well = await probed(f"wss://{target}", trusting)
        bad = await probed(f"wss://{target}", PLAIN)
    assert well.success, well.sentence
    assert well.value("probe_tls_version_info", version="TLS 1.3") == 1
    assert (bad.phase, bad.reason) == ("tls", "tls_untrusted")
    assert bad.value("probe_ssl_earliest_cert_expiry") > 1e9


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("127.0.0.1:80", "the target '127.0.0.1:80' begins neither with ws:// nor wss://"),
        ("http://a", "the target 'http://a' begins neither with ws:// nor wss://"),
        ("ws://u:p@a", "the target 'ws://<secret>@a' has a user; use basic_auth"),
        ("ws://a b/", "the URL 'http://a b/' has no host that can be probed"),
    ],
)
async def test_a_target_that_is_none_is_named(target: str, sentence: str) -> None:
    found = await probed(target, PLAIN)
    assert (found.reason, found.sentence) == ("target", sentence)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (
            "{proxy_url: 'http://p:1'}",
            "websocket.proxy_url: is not supported by the websocket prober",
        ),
        (
            "{http_config: {bearer_token: a}, basic_auth: {username: b}}",
            "websocket.basic_auth: stands beside http_config; move it into it",
        ),
        (
            "{http_config: {bearer_token: a, bearer_token_file: b}}",
            "websocket.http_config: has both bearer_token and bearer_token_file",
        ),
        ("{headers: {Upgrade: {values: [x]}}}", "websocket.headers: cannot set 'Upgrade'"),
    ],
)
def test_what_is_not_supported_is_refused(section: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        module_of(f"prober: websocket\nwebsocket: {section}")
    assert sentence in str(error.value)


async def test_credentials_and_tls_stand_below_http_config_as_for_the_peer() -> None:
    module = """
        prober: websocket
        websocket:
          http_config: {authorization: {credentials: a-token}, follow_redirects: true}
          headers: {X-Sent: {values: ["true"]}}
    """
    async with websocket_server(listen) as (target, seen):
        found = await probed(f"ws://{target}/", module)
    assert found.success, found.log
    assert seen[0]["Authorization"] == "Bearer a-token"
    assert seen[0]["X-Sent"] == "true"


async def test_labels_of_a_step_are_reported() -> None:
    module = r"""
        prober: websocket
        websocket:
          query_response:
            - {expect: "hello ([0-9]+)", labels: [{name: number, value: "${1}"}]}
    """
    async with websocket_server(greet) as (target, _):
        found = await probed(f"ws://{target}/", module)
    assert found.value("probe_expect_info", number="42") == 1


async def test_what_the_peer_reads_and_does_not_use_is_read_and_named() -> None:
    steps = "[{expect: hello, starttls: true}, {expect_bytes: 'no such bytes'}]"
    module = f"prober: websocket\nwebsocket: {{query_response: {steps}}}"
    assert module_of(module).websocket.unused == (
        "query_response.starttls",
        "query_response.expect_bytes",
    )
    async with websocket_server(greet) as (target, _):
        found = await probed(f"ws://{target}/", module)
    assert found.success, found.log
