"""Paths and methods."""

from __future__ import annotations

import pytest

from pillion.web import Request, Response, Routes


def respond(routes: Routes, method: str, path: str) -> Response:
    response = routes.respond(Request(method, path, "", {}, b"", "peer"))
    assert isinstance(response, Response)
    return response


@pytest.fixture
def routes() -> Routes:
    made = Routes()
    made.get("/", lambda _: Response("home"))
    made.get("/both", lambda _: Response("got"))
    made.post("/both", lambda _: Response("posted"))
    made.post("/-/reload", lambda _: Response("reloaded"))
    return made


def test_a_path_and_a_method_choose_the_handler(routes: Routes) -> None:
    assert respond(routes, "GET", "/").body == "home"
    assert respond(routes, "GET", "/both").body == "got"
    assert respond(routes, "POST", "/both").body == "posted"


def test_head_is_answered_from_get(routes: Routes) -> None:
    assert respond(routes, "HEAD", "/").body == "home"


def test_an_unknown_path_is_404(routes: Routes) -> None:
    assert respond(routes, "GET", "/nothing").status == 404
    assert respond(routes, "GET", "/both/").status == 404
    assert respond(routes, "OPTIONS", "*").status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/both", "GET, HEAD, POST"),
        ("GET", "/-/reload", "POST"),
        ("HEAD", "/-/reload", "POST"),
    ],
)
def test_another_method_is_405_and_says_which_are_right(
    routes: Routes, method: str, path: str, allow: str
) -> None:
    response = respond(routes, method, path)
    assert response.status == 405
    assert response.headers == (("Allow", allow),)


@pytest.mark.parametrize("prefix", ["/blackbox", "blackbox", "/blackbox/"])
def test_a_prefix_stands_before_every_path(prefix: str) -> None:
    routes = Routes(prefix)
    routes.get("/", lambda _: Response("home"))
    routes.get("/metrics", lambda _: Response("metrics"))
    assert respond(routes, "GET", "/blackbox/metrics").body == "metrics"
    assert respond(routes, "GET", "/blackbox/").body == "home"
    assert respond(routes, "GET", "/metrics").status == 404


@pytest.mark.parametrize("path", ["/", "/blackbox"])
def test_the_way_to_a_prefix_is_shown(path: str) -> None:
    response = respond(Routes("/blackbox"), "GET", path)
    assert response.status == 302
    assert response.headers == (("Location", "/blackbox/"),)


@pytest.mark.parametrize("prefix", ["", "/"])
def test_an_empty_prefix_is_none(prefix: str) -> None:
    routes = Routes(prefix)
    routes.get("/", lambda _: Response("home"))
    assert respond(routes, "GET", "/").body == "home"


def test_a_route_is_given_once_and_begins_with_a_slash(routes: Routes) -> None:
    with pytest.raises(ValueError, match="GET / has a handler already"):
        routes.get("/", lambda _: Response())
    with pytest.raises(ValueError, match="does not begin with a slash"):
        routes.get("metrics", lambda _: Response())
