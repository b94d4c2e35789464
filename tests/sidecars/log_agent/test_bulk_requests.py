"""What `es` and `opensearch` put on the wire: target, credentials, compression, TLS."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties
from pillion_log_agent.outputs.elasticsearch.request import endpoint, headers
from pillion_log_agent.outputs.output import TAKEN
from tests.servers.certificates import Authority
from tests.servers.wire import Visit, serving
from tests.sidecars.log_agent.bulk_wire import (
    Request,
    answering,
    batch,
    output,
    sending,
    server_context,
)
from tests.sidecars.log_agent.test_filters import batch as of_records

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2"


async def sent(count: int = 1, **properties: Any) -> Request:
    async with answering() as server:
        one = output(server.port, **properties)
        assert await one.write([batch(count)]) == TAKEN
        await one.close()
    (request,) = server.requests
    return request


def basic(words: str) -> str:
    return "Basic " + base64.b64encode(words.encode()).decode()


async def test_a_bulk_request_asks_for_no_more_than_is_read_of_the_answer() -> None:
    request = await sent(3)
    target = "/_bulk?filter_path=took,errors,items.*.status,items.*.error"
    assert request.line == f"POST {target} HTTP/1.1"
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.headers["host"].startswith("127.0.0.1:")
    assert "authorization" not in request.headers
    assert request.records() == 3


@pytest.mark.parametrize("path", ["/behind/a proxy/", "behind/a proxy"])
async def test_path_and_pipeline_are_part_of_the_target(path: str) -> None:
    request = await sent(path=path, pipeline="geo&ip")
    assert request.line.startswith("POST /behind/a%20proxy/_bulk?filter_path=")
    assert request.line.endswith("&pipeline=geo%26ip HTTP/1.1")


@pytest.mark.parametrize(
    ("given", "authorization"),
    [
        ({"http_user": "u", "http_passwd": SECRET}, basic(f"u:{SECRET}")),
        ({"http_user": "u"}, basic("u:")),
        ({"cloud_auth": f"elastic:{SECRET}:x"}, basic(f"elastic:{SECRET}:x")),
        ({"http_api_key": "a2V5"}, "ApiKey a2V5"),
        ({"http_api_key": "a2V5", "cloud_auth": "e:p"}, basic("e:p")),
        ({"http_api_key": "a2V5", "cloud_auth": "e:p", "http_user": "u"}, basic("u:")),
    ],
    ids=["user", "no password", "cloud", "key", "cloud before key", "user before all"],
)
async def test_credentials_go_into_the_header_in_the_order_of_fluent_bit(
    given: dict[str, Any], authorization: str
) -> None:
    assert (await sent(**given)).headers["authorization"] == authorization


async def test_gzip_is_said_in_a_header() -> None:
    request = await sent(5, compress="gzip")
    assert request.headers["content-encoding"] == "gzip"
    assert gzip.decompress(request.body).count(b"\n") == 10


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"http_api_key": "a2V5\n"}, "line break"),
        ({"host": ""}, "host: is empty"),
        ({"cloud_id": "x:!"}, "cloud_id: is none"),
        ({"cloud_id": "x:" + base64.b64encode(b"eu.example$abc$").decode()}, "tls: has to be on"),
        ({"tls": True, "tls_ca_file": "/no/such"}, "tls.ca_file: /no/such cannot be used: No such"),
        ({"tls": True, "tls_ca_path": "/no/such"}, "tls.ca_path: /no/such is not a directory"),
        ({"write_operation": "update", "generate_id": False}, "needs id_key"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=sentence):
        output(9200, **given)


@pytest.mark.parametrize(
    ("inside", "whom"),
    [
        ("eu.example$abc$kib", "https://abc.eu.example:443"),
        ("eu.example:9243$abc$kib", "https://abc.eu.example:9243"),
    ],
)
def test_a_cloud_id_has_the_host_and_the_port(inside: str, whom: str) -> None:
    coded = base64.b64encode(inside.encode()).decode()
    assert str(endpoint(BulkProperties(cloud_id=f"name:{coded}", tls=True))) == whom


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert headers(BulkProperties(host="::1"))["Host"] == "[::1]:9200"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def over_tls(context: ssl.SSLContext | None, **properties: Any) -> None:
    """Send a record over TLS, and see it taken."""
    async with (
        answering(tls=context) as server,
        sending(server.port, tls=True, **properties) as one,
    ):
        assert await one.write([batch()]) == TAKEN


async def test_tls_trusts_the_authority_that_is_named(authority: Authority) -> None:
    await over_tls(server_context(authority, "127.0.0.1"), tls_ca_file=authority.path)


async def test_a_certificate_of_an_unknown_authority_is_refused_unless_nobody_looks(
    authority: Authority,
) -> None:
    context = server_context(authority, "127.0.0.1")
    sentence = "cannot be reached: its certificate is not trusted: unable to get local issuer"
    with pytest.raises(TransientError, match=sentence) as caught:
        await over_tls(context)
    assert caught.value.reason == "tls"
    await over_tls(context, tls_verify=False)


async def test_a_certificate_for_another_name_is_refused_unless_that_is_the_one(
    authority: Authority,
) -> None:
    context = server_context(authority, "search.example")
    trusted = {"tls_ca_file": authority.path}
    with pytest.raises(TransientError, match=r"not trusted: .* not valid for '127\.0\.0\.1'"):
        await over_tls(context, **trusted)
    await over_tls(context, **trusted, tls_verify_hostname=False)
    await over_tls(context, **trusted, tls_vhost="search.example")


async def test_a_certificate_whose_time_is_over_is_refused(authority: Authority) -> None:
    pair = authority.issue("127.0.0.1", until=datetime(2020, 1, 1, tzinfo=UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with pytest.raises(TransientError, match="not trusted: certificate has expired"):
        await over_tls(context, tls_ca_file=authority.path)


async def test_a_client_certificate_is_shown_to_who_asks_for_it(authority: Authority) -> None:
    context = server_context(authority, "127.0.0.1", asks_for=authority.path)
    pair = authority.issue("agent.example")
    shown = {"tls_crt_file": pair.certificate, "tls_key_file": pair.key}
    await over_tls(context, tls_ca_file=authority.path, **shown)


async def test_a_server_that_misses_our_certificate_is_quoted(authority: Authority) -> None:
    # asyncio's server closes without the alert; a socket of OpenSSL's sends it.
    context = server_context(authority, "127.0.0.1", asks_for=authority.path)

    def refuse(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        with context.wrap_socket(
            accepted, server_side=True, do_handshake_on_connect=False
        ) as visit:
            with pytest.raises(ssl.SSLError):
                visit.do_handshake()
            # What is unread when it closes would have the alert thrown away at the other end.
            socket.socket.shutdown(visit, socket.SHUT_WR)
            while socket.socket.recv(visit, 65536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listener))
        port = listener.getsockname()[1]
        async with sending(port, tls=True, tls_ca_file=authority.path) as one:
            sentence = r"ended TLS: .*certificate required"
            with pytest.raises(TransientError, match=sentence) as caught:
                await one.write([batch()])
        await refusing
    assert caught.value.reason == "tls"


async def test_tls_to_a_server_that_has_none_says_so() -> None:
    async def greet(visit: Visit) -> None:
        await visit.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await visit.wait_for_end()

    async with serving(greet) as port, sending(port, tls=True) as one:
        with pytest.raises(TransientError, match="cannot be reached: wrong version number"):
            await one.write([batch()])


async def documents(*records: dict[str, Any], **properties: Any) -> list[tuple[Any, Any]]:
    """Return the action and the document of each record."""
    given = of_records(*records)
    given.seal()
    async with answering() as server:
        one = output(server.port, **properties)
        assert await one.write([given]) == TAKEN
        await one.close()
    lines = [json.loads(line) for line in server.requests[0].body.splitlines()]
    return list(zip(lines[::2], lines[1::2], strict=True))


async def test_a_time_that_a_record_has_stays_and_is_there_once() -> None:
    found = await documents({"a": 1, "@timestamp": "2020-01-01"}, {"a": 2})
    assert found[0][1] == {"a": 1, "@timestamp": "2020-01-01"}
    assert list(found[1][1]) == ["@timestamp", "a"]


async def test_a_prefix_may_be_a_number() -> None:
    found = await documents(
        {"k": 7}, {"k": 1.5}, {"k": True}, {"k": {}}, logstash_format=True, logstash_prefix_key="k"
    )
    prefixes = [action["create"]["_index"].rpartition("-")[0] for action, _ in found]
    assert prefixes == ["7", "1.5", "true", "logstash"]
