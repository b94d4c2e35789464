"""Which handler answers which path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.message import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pillion.web.message import Handler, Request


class Routes:
    """Exact paths and their handlers.

    Args:
        prefix: what every path begins with (`/blackbox`). `GET /` is then sent on to it.

    HEAD is answered from GET, an unknown path with 404, another method with 405.
    """

    __slots__ = ("_handlers", "prefix")

    def __init__(self, prefix: str = "") -> None:
        self.prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
        self._handlers: dict[str, dict[str, Handler]] = {}
        if self.prefix:
            home = Response(status=302, headers=(("Location", self.prefix + "/"),))
            self._handlers["/"] = self._handlers[self.prefix] = {"GET": lambda _: home}

    def get(self, path: str, handler: Handler) -> None:
        """Answer GET and HEAD of `path` with `handler`.

        Raises:
            ValueError: the path has one already, or does not begin with a slash.
        """
        self._add("GET", path, handler)

    def post(self, path: str, handler: Handler) -> None:
        """Answer POST of `path` with `handler`. Raises what `get` raises."""
        self._add("POST", path, handler)

    def respond(self, request: Request) -> Response | Awaitable[Response]:
        """Return what the handler of the request's path makes of it."""
        methods = self._handlers.get(request.path)
        if methods is None:
            return Response("404 not found\n", 404)
        method = request.method
        handler = methods.get("GET" if method == "HEAD" else method)
        if handler is None:
            allowed = _allowed(methods)
            body = f"405 method not allowed; {request.path} takes {allowed}\n"
            return Response(body, 405, headers=(("Allow", allowed),))
        return handler(request)

    def _add(self, method: str, path: str, handler: Handler) -> None:
        if not path.startswith("/"):
            raise ValueError(f"the path {path!r} does not begin with a slash")
        methods = self._handlers.setdefault(self.prefix + path, {})
        if method in methods:
            raise ValueError(f"{method} {path} has a handler already")
        methods[method] = handler


def _allowed(methods: dict[str, Handler]) -> str:
    return ", ".join(name for key in methods for name in _spelled(key))


def _spelled(method: str) -> tuple[str, ...]:
    return ("GET", "HEAD") if method == "GET" else (method,)
