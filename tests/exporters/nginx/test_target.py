from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.masking import masked_url
from pillion_nginx_exporter.target import TARGET, Endpoint, Target, parse_target, redirected


@pytest.mark.parametrize(
    ("uri", "endpoint", "authority", "path"),
    [
        ("http://localhost/stub_status", Endpoint("localhost", 80, is_tls=False), "localhost", "/stub_status"),
        ("http://127.0.0.1:8080/stub_status", Endpoint("127.0.0.1", 8080, is_tls=False), "127.0.0.1:8080", "/stub_status"),
        ("https://nginx.example/s", Endpoint("nginx.example", 443, is_tls=True), "nginx.example", "/s"),
        ("HTTPS://nginx/s", Endpoint("nginx", 443, is_tls=True), "nginx", "/s"),
        ("http://[::1]:8080/s", Endpoint("::1", 8080, is_tls=False), "[::1]:8080", "/s"),
        ("http://[::1]/", Endpoint("::1", 80, is_tls=False), "[::1]", "/"),
        ("http://[fe80::1%25eth0]/", Endpoint("fe80::1%eth0", 80, is_tls=False), "[fe80::1%25eth0]", "/"),
        ("http://nginx", Endpoint("nginx", 80, is_tls=False), "nginx", "/"),
        ("http://nginx:/", Endpoint("nginx", 80, is_tls=False), "nginx", "/"),
        ("http://nginx?full", Endpoint("nginx", 80, is_tls=False), "nginx", "/?full"),
        ("http://nginx/s?a=b#part", Endpoint("nginx", 80, is_tls=False), "nginx", "/s?a=b"),
        ("http://nginx/état", Endpoint("nginx", 80, is_tls=False), "nginx", "/%C3%A9tat"),
        ("unix:/run/nginx.sock:/stub_status", Endpoint("unix", 0, is_tls=False, socket_path="/run/nginx.sock"), "unix", "/stub_status"),
        ("unix:/run/nginx.sock", Endpoint("unix", 0, is_tls=False, socket_path="/run/nginx.sock"), "unix", "/"),
        ("unix:@status:/s", Endpoint("unix", 0, is_tls=False, socket_path="@status"), "unix", "/s"),
    ],
)  # fmt: skip
def test_a_uri_is_taken_apart(uri: str, endpoint: Endpoint, authority: str, path: str) -> None:
    assert parse_target(uri) == Target(masked_url(uri), endpoint, authority, path)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("", "is not a URI of a status page; write http://"),
        ("localhost:8080/stub_status", "is not a URI of a status page; write http://"),
        ("ftp://nginx/", "has the scheme 'ftp'; write http://"),
        ("http:///stub_status", "names no host; write http://"),
        ("http://nginx:0/", "has the port '0', which is not a number from 1 to 65535"),
        ("http://nginx:http/", "has the port 'http', which is not a number"),
        ("http://nginx:65536/", "has the port '65536', which is not a number"),
        ("http://[::g]/", "has [::g], which is not an IPv6 address, for a host"),
        ("http://[::1%25a%25b]/", "has [::1%25a%25b], whose zone is not a name"),
        ("http://münchen/", "has 'münchen' for a host; write a name in ASCII"),
        ("http://-a..b/", "has '-a..b' for a host"),
        ("http://nginx/a b", "has white space, control characters or broken UTF-8 in it"),
        ("http://nginx/a\r\nHost: b", "has white space"),
        ("http://nginx/\udcff", "has white space, control characters or broken UTF-8"),
        ("unix:", "names no socket; write unix:/socket:/path"),
        ("unix:/run/nginx.sock:status", "has a path that does not begin with /"),
        ("unix:" + "/x" * 60, "has a socket path longer than 107 bytes"),
    ],
)
def test_what_is_no_uri_is_told_with_what_would_be_right(uri: str, why: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(why)):
        parse_target(uri)


def test_a_user_and_password_become_basic_authentication() -> None:
    # RFC 7617, section 2: "Aladdin" and "open sesame".
    target = parse_target("http://Aladdin:open%20sesame@nginx/s")
    assert target.authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert target.authority == "nginx"


def test_a_password_is_never_shown() -> None:
    target = parse_target("http://user:sesame@nginx/s")
    assert target.uri == "http://<secret>@nginx/s"
    assert "sesame" not in repr(target)
    assert "Basic" not in repr(target)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://user@nginx/s", "http://<secret>@nginx/s"),
        ("http://nginx/s?token=sesame", "http://nginx/s?token=<secret>"),
        ("http://nginx/s?sesame", "http://nginx/s?<secret>"),
        ("unix:/run/n.sock:/s?token=sesame", "unix:/run/n.sock:/s?token=<secret>"),
        ("unix:/run/n.sock:/s", "unix:/run/n.sock:/s"),
    ],
)
def test_neither_a_user_nor_a_query_is_shown(uri: str, shown: str) -> None:
    assert parse_target(uri).uri == shown


@pytest.mark.parametrize(
    ("location", "endpoint", "path"),
    [
        ("/other", Endpoint("nginx", 8080, is_tls=False), "/other"),
        ("other", Endpoint("nginx", 8080, is_tls=False), "/a/other"),
        ("../other?x", Endpoint("nginx", 8080, is_tls=False), "/other?x"),
        ("//else:81/s", Endpoint("else", 81, is_tls=False), "/s"),
        ("https://nginx/s", Endpoint("nginx", 443, is_tls=True), "/s"),
    ],
)
def test_a_redirect_leads_where_its_location_says(
    location: str, endpoint: Endpoint, path: str
) -> None:
    found = redirected(parse_target("http://nginx:8080/a/status"), location)
    assert (found.endpoint, found.path) == (endpoint, path)


def test_a_redirect_on_a_socket_stays_on_the_socket() -> None:
    found = redirected(parse_target("unix:/run/nginx.sock:/status"), "https://nginx/other")
    assert found.endpoint == Endpoint("nginx", 0, is_tls=True, socket_path="/run/nginx.sock")
    assert (found.authority, found.path) == ("nginx", "/other")


def test_credentials_follow_a_redirect_that_names_no_host() -> None:
    target = parse_target("http://user:sesame@nginx/a")
    assert redirected(target, "/b").authorization == target.authorization


@pytest.mark.parametrize("location", ["http://nginx/b", "//nginx/b", "https://else/b"])
def test_credentials_do_not_follow_a_redirect_that_names_a_host(location: str) -> None:
    target = parse_target("http://user:sesame@nginx/a")
    assert redirected(target, location).authorization == ""


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("unix:/run/docker.sock:/", "leads to a Unix socket"),
        ("file:///etc/passwd", "has the scheme 'file'"),
        ("http://[::1/", "is not a URI"),
    ],
)
def test_a_redirect_leads_nowhere_but_to_http(location: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        redirected(parse_target("http://nginx/"), location)


@given(st.text() | st.text().map("http://".__add__) | st.text().map("unix:/".__add__))
def test_any_text_gives_a_target_or_a_value_error(text: str) -> None:
    try:
        target = parse_target(text)
    except ValueError:
        return
    assert TARGET.show(target) == target.uri
    assert re.fullmatch(r"/[!-~]*", target.path)
    assert re.fullmatch(r"[!-~]+", target.authority)


@given(st.text(), st.sampled_from(["http://nginx/a", "unix:/run/nginx.sock:/a"]))
def test_any_location_gives_a_target_or_a_value_error(location: str, uri: str) -> None:
    try:
        found = redirected(parse_target(uri), location)
    except ValueError:
        return
    assert bool(found.endpoint.socket_path) == uri.startswith("unix:")
