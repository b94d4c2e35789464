"""HTTP probes of a server that answers what the test wants."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.probed import Probed, probed
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


async def asked(
    module: str,
    *answers: bytes,
    path: str = "/",
    hostname: str = "",
    timeout: float = 5.0,
    host: str = "127.0.0.1",
) -> tuple[Probed, list[str]]:
    """Probe a server that gives one answer a connection; return the requests as well."""
    requests: list[str] = []

    async def serve(visit: Visit) -> None:
        requests.append(await visit.read_request())
        await visit.write(answers[min(visit.number, len(answers)) - 1])

    async with serving(serve) as port:
        text = "prober: http\n" + (f"http: {{{module}}}" if module else "")
        target = f"http://{host}:{port}{path}"
        return await probed(target, text, hostname=hostname, timeout=timeout), requests


def redirect(location: str, status: str = "302 Found", *headers: str) -> bytes:
    return response(b"", status, f"Location: {location}", *headers)


async def test_a_good_answer_is_reported_whole() -> None:
    answer = response(b"hello", "200 OK", "Last-Modified: Mon, 02 Jan 2006 15:04:05 GMT")
    result, (request,) = await asked("", answer, path="/a?b=c")
    assert result.success
    assert result.value("probe_success") == 1
    assert result.value("probe_http_status_code") == 200
    assert result.value("probe_http_content_length") == 5
    assert result.value("probe_http_uncompressed_body_length") == 5
    assert result.value("probe_http_version") == 1.1
    assert result.value("probe_http_redirects") == 0
    assert result.value("probe_http_ssl") == 0
    assert result.value("probe_failed_due_to_regex") == 0
    assert result.value("probe_ip_protocol") == 4
    assert result.value("probe_ip_addr_hash") == 3668918509
    assert result.value("probe_http_last_modified_timestamp_seconds") == 1136214245
    for phase in ("resolve", "connect", "tls", "processing", "transfer"):
        assert 0 <= result.value("probe_http_duration_seconds", phase=phase) < 1
    assert request.startswith("GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "\r\nConnection: close\r\n" in request
    assert "\r\nUser-Agent: Blackbox-Exporter/" in request
    assert "Accept-Encoding" not in request


@pytest.mark.parametrize(
    ("module", "status", "success"),
    [
        ("", "200 OK", True),
        ("", "204 No Content", True),
        ("", "299 Odd", True),
        ("", "404 Not Found", False),
        ("", "500 Broken", False),
        ("valid_status_codes: [404, 410]", "404 Not Found", True),
        ("valid_status_codes: [404, 410]", "200 OK", False),
    ],
)
async def test_the_status_decides(*, module: str, status: str, success: bool) -> None:
    result, _ = await asked(module, response(b"", status))
    assert result.success is success
    assert result.value("probe_http_status_code") == int(status[:3])
    assert result.reason == ("" if success else "status")


@pytest.mark.parametrize(
    ("answer", "length", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 3, 3),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", -1, 13),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            -1,
            5,
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nold", -1, 3),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0, 0),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 1, 1),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            0,
            0,
        ),
    ],
)
async def test_the_length_of_the_content(answer: bytes, length: int, body: int) -> None:
    result, _ = await asked("", answer)
    assert result.success, result.sentence
    assert result.value("probe_http_content_length") == length
    assert result.value("probe_http_uncompressed_body_length") == body


async def test_a_head_request_has_a_length_and_no_content() -> None:
    result, (request,) = await asked(
        "method: HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    )
    assert result.success
    assert request.startswith("HEAD / HTTP/1.1\r\n")
    assert result.value("probe_http_content_length") == 99
    assert result.value("probe_http_uncompressed_body_length") == 0


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("method: POST, body: hello", ("POST / ", "Content-Length: 5")),
        ("method: POST", ("POST / ", "Content-Length: 0")),
        ("method: PUT, body: 'é'", ("PUT / ", "Content-Length: 2")),
        ("headers: {X-A: b, User-Agent: mine}", ("X-A: b", "User-Agent: mine")),
        ("headers: {Host: vhost.example}", ("Host: vhost.example",)),
        ("http_headers: {X-A: {values: [b, c], secrets: [d]}}", ("X-A: b", "X-A: c", "X-A: d")),
        ("basic_auth: {username: u, password: p}", ("Authorization: Basic dTpw",)),
        ("authorization: {credentials: t}", ("Authorization: Bearer t",)),
        ("authorization: {type: Token, credentials: t}", ("Authorization: Token t",)),
        ("bearer_token: t", ("Authorization: Bearer t",)),
        ("headers: {Authorization: x}, bearer_token: t", ("Authorization: x",)),
    ],
)
async def test_what_a_module_sends(module: str, expected: Sequence[str]) -> None:
    result, (request,) = await asked(module, response(b""))
    assert result.success
    for part in expected:
        assert part in request.split("\r\n") or request.startswith(part)


async def test_secrets_are_read_from_files_for_each_probe(tmp_path: Path) -> None:
    path = tmp_path / "token"
    for token in ("first", "second"):
        path.write_text(f" {token}\n")
        _, (request,) = await asked(f"bearer_token_file: {path}", response(b""))
        assert f"Authorization: Bearer {token}\r\n" in request


async def test_a_body_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\x00binary")
    module = f"method: POST, body_file: {tmp_path}/body"
    _, (request,) = await asked(module, response(b""))
    assert "Content-Length: 7" in request


async def test_a_missing_file_fails_the_probe_and_is_named() -> None:
    result, _ = await asked("bearer_token_file: /nope/token", response(b""))
    assert (result.reason, result.phase) == ("configuration", "resolve")
    assert result.sentence == "/nope/token cannot be read: No such file or directory"


async def test_the_user_of_a_url_is_sent_and_not_shown() -> None:
    result, (request,) = await asked("", response(b"", "401 No"), host="user:hunter2@127.0.0.1")
    assert "Authorization: Basic dXNlcjpodW50ZXIy\r\n" in request
    assert "hunter2" not in result.log + result.sentence


async def test_the_hostname_parameter_is_the_host_header() -> None:
    _, (request,) = await asked("", response(b""), hostname="vhost.example")
    assert "\r\nHost: vhost.example\r\n" in request


@pytest.mark.parametrize(
    ("module", "success", "regex"),
    [
        ("fail_if_body_matches_regexp: [wor]", False, 1),
        ("fail_if_body_matches_regexp: [nope]", True, 0),
        ("fail_if_body_matches_regexp: [nope, 'hel+o']", False, 1),
        ("fail_if_body_not_matches_regexp: ['^hello']", True, 0),
        ("fail_if_body_not_matches_regexp: ['^hello', '^world']", False, 1),
        ("fail_if_header_matches: [{header: X-A, regexp: '^b'}]", False, 1),
        ("fail_if_header_matches: [{header: x-a, regexp: '^z'}]", True, 0),
        ("fail_if_header_matches: [{header: X-No, regexp: '^z'}]", False, 1),
        ("fail_if_header_matches: [{header: X-No, regexp: z, allow_missing: true}]", True, 0),
        ("fail_if_header_not_matches: [{header: X-A, regexp: c}]", True, 0),
        ("fail_if_header_not_matches: [{header: X-A, regexp: z}]", False, 1),
        ("fail_if_header_not_matches: [{header: X-No, regexp: z}]", False, 1),
    ],
)
async def test_content_and_headers_are_matched(*, module: str, success: bool, regex: int) -> None:
    answer = response(b"hello world", "200 OK", "X-A: b", "X-A: c")
    result, _ = await asked(module, answer)
    assert result.success is success
    assert result.value("probe_failed_due_to_regex") == regex
    assert result.value("probe_http_uncompressed_body_length") == 11


async def test_content_is_matched_although_it_is_no_utf8() -> None:
    answer = response(b"caf\xe9 \xff\xfe end")
    result, _ = await asked("fail_if_body_not_matches_regexp: ['^caf. .. end$']", answer)
    assert result.success


async def test_large_content_is_matched_to_its_end() -> None:
    answer = response(b"x" * 3_000_000 + b"needle")
    result, _ = await asked("fail_if_body_matches_regexp: [needle$]", answer)
    assert result.reason == "regex"


@pytest.mark.parametrize(
    ("module", "body", "success", "cel"),
    [
        ("fail_if_body_json_matches_cel: 'body.a == 1'", b'{"a":1}', False, 1),
        ("fail_if_body_json_matches_cel: 'body.a == 1'", b'{"a":2}', True, 0),
        ("fail_if_body_json_not_matches_cel: \"body.s.startsWith('q')\"", b'{"s":"qx"}', True, 0),
        ("fail_if_body_json_not_matches_cel: 'body[0] > 1'", b"[1]", False, 1),
        ("fail_if_body_json_not_matches_cel: 'body.a == 1'", b"no json", False, 1),
        ("fail_if_body_json_not_matches_cel: 'body.no == 1'", b"{}", False, 1),
        ("fail_if_body_json_not_matches_cel: 'body.a'", b'{"a":1}', False, 1),
    ],
)
async def test_json_is_judged_by_cel(*, module: str, body: bytes, success: bool, cel: int) -> None:
    result, _ = await asked(module, response(body))
    assert result.success is success, result.sentence
    assert result.value("probe_failed_due_to_cel") == cel


async def test_content_is_decompressed_where_the_module_says_so() -> None:
    answer = response(gzip.compress(b"hello " * 100))
    result, _ = await asked("compression: gzip, fail_if_body_not_matches_regexp: [hello]", answer)
    assert result.success
    assert result.value("probe_http_uncompressed_body_length") == 600
    plain, _ = await asked("", answer)
    assert plain.value("probe_http_uncompressed_body_length") < 100


async def test_a_redirect_is_followed_with_its_cookies() -> None:
    result, requests = await asked(
        "", redirect("/there", "302 Found", "Set-Cookie: a=b; Path=/"), response(b"ok")
    )
    assert result.success
    assert result.value("probe_http_redirects") == 1
    assert result.value("probe_http_status_code") == 200
    assert requests[1].startswith("GET /there HTTP/1.1\r\n")
    assert "\r\nCookie: a=b\r\n" in requests[1]


async def test_a_redirect_is_not_followed_where_the_module_says_so() -> None:
    module = "follow_redirects: false, valid_status_codes: [301]"
    result, requests = await asked(module, redirect("/x", "301 Moved"))
    assert result.success
    assert len(requests) == 1
    assert result.value("probe_http_redirects") == 1
    assert result.value("probe_http_status_code") == 301


async def test_after_ten_redirects_the_last_answer_is_judged() -> None:
    result, requests = await asked("", redirect("/again"))
    assert len(requests) == 11
    assert result.value("probe_http_redirects") == 11
    assert (result.reason, result.value("probe_http_status_code")) == ("redirect", 302)


async def test_a_redirect_to_a_name_is_resolved_and_every_address_tried() -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        first = redirect(f"http://localhost:{ports[0]}/x")
        await visit.write(first if visit.number == 1 else response(b"ok"))

    ports: list[int] = []
    async with serving(serve) as port:
        ports.append(port)
        result = await probed(f"127.0.0.1:{port}", "prober: http")
    assert result.success, result.sentence


async def test_fail_if_not_ssl() -> None:
    result, _ = await asked("fail_if_not_ssl: true", response(b""))
    assert result.reason == "tls_absent"


async def test_the_version_may_be_wrong() -> None:
    result, _ = await asked("valid_http_versions: [HTTP/2.0]", response(b""))
    assert result.reason == "version"
    assert result.sentence == "the version is HTTP/1.1, not one of HTTP/2.0"


async def test_a_proxy_is_asked_for_the_whole_url() -> None:
    seen: list[str] = []

    async def serve(visit: Visit) -> None:
        seen.append(await visit.read_request())
        await visit.write(response(b"from the proxy"))

    async with serving(serve) as port:
        text = f"""
            prober: http
            http:
              proxy_url: http://user:pw@127.0.0.1:{port}
              skip_resolve_phase_with_proxy: true
        """
        result = await probed("http://nowhere.invalid/path", text)
    assert result.success, result.sentence
    durations = result.scrape.labels("probe_http_duration_seconds")
    assert "resolve" not in {labels["phase"] for labels in durations}
    assert seen[0].startswith(
        "GET http://nowhere.invalid/path HTTP/1.1\r\nHost: nowhere.invalid\r\n"
    )
    assert "Proxy-Authorization: Basic dXNlcjpwdw==\r\n" in seen[0]


async def test_a_proxy_that_refuses_to_connect_is_the_reason() -> None:
    seen: list[str] = []

    async def serve(visit: Visit) -> None:
        seen.append(await visit.read_request())
        await visit.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with serving(serve) as port:
        text = f"""
            prober: http
            http:
              proxy_url: http://127.0.0.1:{port}
              proxy_connect_header: {{X-Key: [abc]}}
              skip_resolve_phase_with_proxy: true
        """
        result = await probed("https://nowhere.invalid/", text)
    assert result.reason == "proxy"
    assert result.sentence == "the proxy refused to connect: status 403"
    assert seen[0].startswith("CONNECT nowhere.invalid:443 HTTP/1.1\r\n")
    assert "X-Key: abc\r\n" in seen[0]
