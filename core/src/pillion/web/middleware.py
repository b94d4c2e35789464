"""What happens around every handler: users, bounds, errors, headers and gzip."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

from aiohttp import HttpVersion10, HttpVersion11, hdrs, web

from pillion.web.compression import GZIP_FROM, accepts_gzip, deflated
from pillion.web.connection import SERVER, peer_of
from pillion.web.guard import Refusal

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from pillion.log import Logger
    from pillion.web.guard import Guard
    from pillion.web.limits import Limits

_LOGGED = 200
_ALWAYS_ANSWERED = "/-/"
_RETRY = (("Retry-After", "1"),)
_BUSY = Refusal(503, "503 too many requests at once\n", _RETRY)
_TOO_MANY_BODIES = Refusal(503, "503 too many request bodies at once\n", _RETRY)


def install(
    application: web.Application, *, security: Guard | None, limits: Limits, log: Logger
) -> None:
    """Put the middleware around all that an application answers, before its own."""
    application.middlewares.insert(0, around_every_handler(security, limits, log))

    async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
        response.headers[hdrs.SERVER] = SERVER
        if security is not None:
            response.headers.update(security.headers)

    application.on_response_prepare.append(add_headers)


def around_every_handler(security: Guard | None, limits: Limits, log: Logger) -> Middleware:
    """Return the one middleware; four would cost a twentieth of a scrape."""
    load = _Load(limits)

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if security is not None:
            refused = await security.authorize(request.headers.get(hdrs.AUTHORIZATION, ""))
            if refused is not None:
                return _response(refused)
        if request.version != HttpVersion11 and (refused := _old_version_refusal(request)):
            return _response(refused, is_last=True)
        size = _body_size(request, limits) if request.body_exists else 0
        refused = load.refusal(request, size)
        if refused is not None:
            return _response(refused)
        load.answering += 1
        load.bodies += size
        try:
            response = await _handled(request, handler, log)
        finally:
            load.answering -= 1
            load.bodies -= size
        return _compressed(request, response) if isinstance(response, web.Response) else response

    return answer


async def _handled(request: web.Request, handler: Handler, log: Logger) -> web.StreamResponse:
    """Return a handler's answer, or the one for its fault."""
    try:
        response: object = await handler(request)
    except web.HTTPException:
        raise
    except asyncio.CancelledError:
        return _given_up()
    except Exception as error:  # noqa: BLE001  # whatever a handler may raise
        if isinstance(error, ConnectionError) and request.transport is None:
            return web.Response(status=500)  # the client went away, and nobody reads this
        return _failed(request, error, log)
    if isinstance(response, (web.Response, web.StreamResponse)):  # the usual one is found first
        return response
    wrong = TypeError(f"the handler returned {type(response).__name__}, not a response")
    return _failed(request, wrong, log)


class _Load:
    """What is being answered, and what of it may be at one time."""

    __slots__ = ("_limits", "answering", "bodies")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.answering = 0
        self.bodies = 0

    def refusal(self, request: web.Request, body_size: int) -> Refusal | None:
        """Return why a request is not answered, or None."""
        limits = self._limits
        # What is answered without waiting never meets this bound; health must not, ever.
        if self.answering >= limits.requests and _ALWAYS_ANSWERED not in request.path:
            return _BUSY
        if body_size > limits.body_size:
            return Refusal(413, f"413 the body is larger than {limits.body_size} bytes\n")
        if body_size and self.bodies + body_size > limits.bodies_size:
            return _TOO_MANY_BODIES
        return None


def _compressed(request: web.Request, response: web.Response) -> web.Response:
    """Put a long answer into gzip where the client takes it."""
    body = response.body
    if not isinstance(body, bytes) or len(body) < GZIP_FROM or response.prepared:
        return response
    if hdrs.CONTENT_ENCODING not in response.headers:
        response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        if accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            response.body = deflated(body)
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return response


def _given_up() -> web.Response:
    """Answer for a handler that cancelled itself; one that was cancelled has nobody to answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return web.Response(status=503, text="503 the request was abandoned\n")


def _body_size(request: web.Request, limits: Limits) -> int:
    size = request.content_length
    return limits.body_size if size is None else size


def _old_version_refusal(request: web.Request) -> Refusal | None:
    """Refuse what HTTP/1.0 does not have, and what is older (RFC 9112, 6.1)."""
    if request.version != HttpVersion10:
        return Refusal(505, "505 only HTTP/1.1 and HTTP/1.0 are spoken here\n")
    if hdrs.TRANSFER_ENCODING in request.headers:
        return Refusal(400, "400 bad request: Transfer-Encoding in HTTP/1.0\n")
    return None


def _response(refused: Refusal, *, is_last: bool = False) -> web.Response:
    response = web.Response(status=refused.status, text=refused.text, headers=refused.headers)
    if is_last:
        response.force_close()
    return response


def _failed(request: web.Request, error: Exception, log: Logger) -> web.Response:
    log.error(
        "a request could not be answered",
        method=request.method,
        path=request.path[:_LOGGED],
        peer=peer_of(request),
        error=type(error).__name__,
        cause=error,
        where=_where(error),
    )
    log.debug("the traceback of that", traceback="".join(traceback.format_exception(error)))
    return web.Response(status=500, text="500 internal error; the log says more\n")


def _where(error: Exception) -> str:
    """Return the file, line and function in which an error was raised."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{frames[0].filename}:{frames[0].lineno} in {frames[0].name}" if frames else "unknown"
