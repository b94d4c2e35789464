"""URLs, redirects, cookies, proxies and dates, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.net import Head
from pillion_blackbox_exporter.configuration.client import ProxyConfig
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.cookies import Cookies
from pillion_blackbox_exporter.probers.http.http_date import http_date
from pillion_blackbox_exporter.probers.http.message import Request, encode_request
from pillion_blackbox_exporter.probers.http.proxy import is_exempt, proxy_for
from pillion_blackbox_exporter.probers.http.request import USER_AGENT, first_request, next_request
from pillion_blackbox_exporter.probers.http.url import parse_url
from tests.exporters.blackbox.probed import module_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("example.org", ("http", "example.org", 80, "example.org", "/")),
        ("example.org:8080/a?b=c#d", ("http", "example.org", 8080, "example.org:8080", "/a?b=c")),
        ("https://example.org", ("https", "example.org", 443, "example.org", "/")),
        ("https://example.org:443/", ("https", "example.org", 443, "example.org:443", "/")),
        ("http://[::1]:9115/x", ("http", "::1", 9115, "[::1]:9115", "/x")),
        ("http://[fe80::1]/", ("http", "fe80::1", 80, "[fe80::1]", "/")),
        ("http://a/ü?q=ü", ("http", "a", 80, "a", "/%C3%BC?q=%C3%BC")),
        ("http://a/%41%e4", ("http", "a", 80, "a", "/%41%e4")),
        ("http://a/b c", ("http", "a", 80, "a", "/b%20c")),
        ("http://a/b ", ("http", "a", 80, "a", "/b%20")),
        ("http://a/b%20c d?e f#g h", ("http", "a", 80, "a", "/b%20c%20d?e%20f")),
        ("HtTp://a/b", ("http", "a", 80, "a", "/b")),
        ("HTTPS://a/b", ("https", "a", 443, "a", "/b")),
        ("http://a?b=c", ("http", "a", 80, "a", "/?b=c")),
        (
            "http://bücher.example/",
            ("http", "xn--bcher-kva.example", 80, "xn--bcher-kva.example", "/"),
        ),
    ],
)
def test_a_url_has_parts(text: str, parts: tuple[str, str, int, str, str]) -> None:
    url = parse_url(text)
    assert (url.scheme, url.host, url.port, url.authority, url.path) == parts


def test_a_user_is_taken_out_of_a_url_and_never_shown() -> None:
    url = parse_url("http://us%20er:p%40w@example.org/a")
    assert (url.user, url.password, url.authority) == ("us er", "p@w", "example.org")
    assert str(url) == "http://example.org/a"


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http:///path",
        "http://a b/",
        "http://a\r\nHost: b/",
        "http://a:port/",
        "http://a:99999/",
        "http://[::1/",
        "http://a<b>/",
        "http://a/%zz",
        "http://a/b\tc",
        "http%3A%2F%2Fa%2Fb",
    ],
)
def test_what_is_no_url_is_a_fault_of_the_target(text: str) -> None:
    with pytest.raises(ProbeError) as caught:
        parse_url(text)
    assert caught.value.reason == "target"


def following(
    status: int,
    location: str,
    *,
    url: str = "http://a.example/dir/page",
    method: str = "POST",
    **headers: str,
) -> Request | None:
    request = Request(
        method, parse_url(url), "a.example", {k: [v] for k, v in headers.items()}, b"x"
    )
    return next_request(request, Head("HTTP/1.1", status, [("location", location)], 0.0))


@pytest.mark.parametrize(
    ("location", "to"),
    [
        ("/x", "http://a.example/x"),
        ("x", "http://a.example/dir/x"),
        ("?q", "http://a.example/dir/page?q"),
        ("//b.example/x", "http://b.example/x"),
        ("/x y", "http://a.example/x%20y"),
        ("HTTP://b.example/x", "http://b.example/x"),
        ("https://b.example", "https://b.example/"),
    ],
)
def test_a_redirect_leads_where_its_location_says(location: str, to: str) -> None:
    request = following(302, location)
    assert request is not None
    assert str(request.url) == to


@pytest.mark.parametrize(
    ("status", "method", "expected", "has_body"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (302, "HEAD", "HEAD", False),
        (307, "POST", "POST", True),
        (308, "PUT", "PUT", True),
    ],
)
def test_the_method_follows_as_in_browsers(
    *, status: int, method: str, expected: str, has_body: bool
) -> None:
    request = following(status, "/x", method=method)
    assert request is not None
    assert (request.method, request.body is not None) == (expected, has_body)


def test_the_host_header_stays_for_a_relative_redirect_alone() -> None:
    request = Request("GET", parse_url("http://10.0.0.1/"), "vhost.example")
    for location, host in (("/x", "vhost.example"), ("http://10.0.0.1/x", "10.0.0.1")):
        after = next_request(request, Head("HTTP/1.1", 302, [("location", location)], 0.0))
        assert after is not None
        assert after.host == host


@pytest.mark.parametrize(
    ("url", "location", "is_told"),
    [
        ("https://a.example/", "/x", True),
        ("http://a.example/", "https://a.example/x", True),
        ("https://a.example/", "http://a.example/x", False),
        ("https://a.example/", "https://evil.example/x", False),
        ("https://a.example/", "https://a.example.evil.example/x", False),
    ],
)
def test_secrets_follow_to_the_same_host_alone(*, url: str, location: str, is_told: bool) -> None:
    request = following(302, location, url=url, method="GET", Authorization="secret")
    assert request is not None
    assert request.has("authorization") is is_told


def test_what_may_be_a_secret_goes_to_the_first_host_only(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file")
    section = module_of(
        f"""
        prober: http
        http:
          method: POST
          body: password=hunter2
          headers: {{X-Api-Key: k, Accept: text/plain, Content-Type: text/plain}}
          http_headers:
            X-Token: {{secrets: [s]}}
            Accept-Language: {{files: [{tmp_path}/key]}}
            Origin: {{values: [me]}}
        """
    ).http
    request = first_request(section, parse_url("http://a.example/"), "")
    location = [("location", "http://b.example/")]
    elsewhere = next_request(request, Head("HTTP/1.1", 307, location, 0.0))
    assert elsewhere is not None
    assert (elsewhere.method, elsewhere.body) == ("POST", None)
    assert dict(elsewhere.fields()) == {
        "Accept": "text/plain",
        "Origin": "me",
        "User-Agent": USER_AGENT,
        "Referer": "http://a.example/",
        "Content-Length": "0",
    }
    assert elsewhere.withheld == ("accept-language", "x-api-key", "x-token", "the body")
    here = next_request(request, Head("HTTP/1.1", 307, [("location", "/x")], 0.0))
    assert here is not None
    assert (here.body, here.withheld) == (request.body, ())
    assert dict(here.fields()) == {**dict(request.fields()), "Referer": "http://a.example/"}


@pytest.mark.parametrize(
    ("url", "location", "referer"),
    [
        ("http://u:p@a.example/x?y", "/z", "http://a.example/x?y"),
        ("http://a.example/", "https://b.example/", "http://a.example/"),
        ("https://a.example/", "http://a.example/", None),
    ],
)
def test_a_redirect_is_said_to_come_from_where_it_came(
    url: str, location: str, referer: str | None
) -> None:
    request = following(302, location, url=url)
    assert request is not None
    assert dict(request.fields()).get("Referer") == referer


def test_a_referer_that_is_configured_stays() -> None:
    request = following(302, "/x", Referer="http://mine.example/")
    assert request is not None
    assert [v for n, v in request.fields() if n == "Referer"] == ["http://mine.example/"]


def test_headers_that_say_how_long_the_content_is_follow_from_the_content() -> None:
    headers = {"Content-Length": ["99"], "transfer-encoding": ["chunked"], "Trailer": ["x"]}
    request = Request("POST", parse_url("http://a/"), "a", headers, b"abc")
    written = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    assert encode_request(request, "/") == written


@pytest.mark.parametrize("status", [200, 300, 304, 404])
def test_another_status_is_no_redirect(status: int) -> None:
    assert following(status, "/x") is None


def test_a_redirect_without_a_location_is_none() -> None:
    assert following(302, "") is None


def test_a_redirect_to_another_scheme_ends_the_probe() -> None:
    with pytest.raises(ProbeError, match="scheme 'file'"):
        following(302, "file:///etc/passwd")


def cookies(*lines: str, url: str = "http://www.a.example/dir/page") -> Cookies:
    jar = Cookies()
    jar.store(parse_url(url), list(lines))
    return jar


@pytest.mark.parametrize(
    ("line", "url", "sent"),
    [
        ("a=b", "http://www.a.example/dir/x", "a=b"),
        ("a=b", "http://www.a.example/other", ""),
        ("a=b; Path=/", "http://www.a.example/other", "a=b"),
        ("a=b; Path=/o", "http://www.a.example/other", ""),
        ("a=b; Path=/", "http://b.a.example/", ""),
        ("a=b; Path=/; Domain=a.example", "http://b.a.example/", "a=b"),
        ("a=b; Path=/; Domain=.a.example", "http://b.a.example/", "a=b"),
        ("a=b; Path=/; Domain=evil.example", "http://evil.example/", ""),
        ("a=b; Path=/; Domain=example", "http://b.example/", ""),
        ("a=b; Path=/; Secure", "http://www.a.example/", ""),
        ("a=b; Path=/; Secure", "https://www.a.example/", "a=b"),
        ("a=b; Path=/; Max-Age=0", "http://www.a.example/", ""),
        ("a=b; Path=/; HttpOnly; SameSite=Strict", "http://www.a.example/", "a=b"),
        ("nonsense", "http://www.a.example/dir/", ""),
        ("a=" + "x" * 5000, "http://www.a.example/dir/", ""),
    ],
)
def test_a_cookie_goes_where_it_may(line: str, url: str, sent: str) -> None:
    assert cookies(line).header(parse_url(url)) == sent


def test_cookies_are_bounded_in_number_and_the_last_of_a_name_counts() -> None:
    many = cookies(*(f"c{n}=v" for n in range(1000)))
    assert many.header(parse_url("http://www.a.example/dir/")).count("=") == 100
    assert cookies("a=1", "a=2").header(parse_url("http://www.a.example/dir/")) == "a=2"


@pytest.mark.parametrize(
    ("rules", "host", "port", "is_in"),
    [
        ("*", "a", 80, True),
        ("a.example", "a.example", 80, True),
        ("a.example", "b.a.example", 80, True),
        (".a.example", "a.example", 80, False),
        (".a.example", "b.a.example", 80, True),
        ("*.a.example", "b.a.example", 80, True),
        ("a.example:8080", "a.example", 80, False),
        ("a.example:8080", "a.example", 8080, True),
        ("10.0.0.0/8, b", "10.2.3.4", 80, True),
        ("10.0.0.1", "10.0.0.1", 80, True),
        ("::1", "::1", 80, True),
        ("", "a", 80, False),
        ("xa.example", "a.example", 80, False),
    ],
)
def test_which_hosts_need_no_proxy(*, rules: str, host: str, port: int, is_in: bool) -> None:
    assert is_exempt(rules, host, port) is is_in


ENVIRONMENT = {"HTTP_PROXY": "http://p:1", "https_proxy": "http://p:2", "NO_PROXY": "c.example"}


@pytest.mark.parametrize(
    ("config", "target", "port"),
    [
        (ProxyConfig(), "http://a.example", None),
        (ProxyConfig(proxy_url="http://p:3"), "http://localhost", 3),
        (ProxyConfig(proxy_url="https://p"), "http://a.example", 443),
        (ProxyConfig(proxy_url="socks5://u:p@p"), "http://a.example", 1080),
        (ProxyConfig(proxy_url="SOCKS5H://p:3"), "http://a.example", 3),
        (ProxyConfig(proxy_url="http://p:3", no_proxy="b.example"), "http://b.example", None),
        (ProxyConfig(proxy_url="http://p:3", no_proxy="b.example"), "http://localhost", None),
        (ProxyConfig(proxy_url="http://p:3", no_proxy="b.example"), "https://a.example", 3),
        (ProxyConfig(proxy_from_environment=True), "http://a.example", 1),
        (ProxyConfig(proxy_from_environment=True), "https://a.example", 2),
        (ProxyConfig(proxy_from_environment=True), "https://c.example", None),
        (ProxyConfig(proxy_from_environment=True), "http://127.0.0.1", None),
    ],
)
def test_the_proxy_for_a_url(config: ProxyConfig, target: str, port: int | None) -> None:
    proxy = proxy_for(config, parse_url(target), ENVIRONMENT)
    assert (proxy.port if proxy else None) == port


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Mon, 02 Jan 2006 15:04:05 GMT", 1136214245),
        ("Monday, 02-Jan-06 15:04:05 GMT", 1136214245),
        ("Mon Jan  2 15:04:05 2006", 1136214245),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1709251199),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("yesterday", None),
        ("Mon, 02 Foo 2006 15:04:05 GMT", None),
    ],
)
def test_a_date_of_http(text: str, seconds: int | None) -> None:
    assert http_date(text) == seconds
