"""What happens around every handler: users, bounds, errors, headers and gzip."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from pillion.web.compression import GZIP_FROM, accepts_gzip, deflated
from pillion.web.connection import SERVER, peer_of

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from pillion.log import Logger
    from pillion.web.guard import Guard, Refusal
    from pillion.web.limits import Limits

_LOGGED = 200
_ALWAYS_ANSWERED = "/-/"
_RETRY = (("Retry-After", "1"),)


def install(
    application: web.Application, *, security: Guard | None, limits: Limits, log: Logger
) -> None:
    """Put the middlewares around all that an application answers, before its own."""
    application.middlewares[:0] = [
        compress,
        report_errors(log),
        *([authorize(security)] if security is not None else []),
        bound(limits),
    ]

    async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
        response.headers[hdrs.SERVER] = SERVER
        if security is not None:
            response.headers.update(security.headers)

    application.on_response_prepare.append(add_headers)


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send a long text in gzip where the client takes it."""
    response = await handler(request)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if len(response.body) < GZIP_FROM or hdrs.CONTENT_ENCODING in response.headers:
        return response
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    if accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        response.body = deflated(response.body)
        response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return response


def report_errors(log: Logger) -> Middleware:
    """Answer a handler's fault with a 500 that gives nothing away, and log what and where."""

    @web.middleware
    async def reporting(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
            if not isinstance(response, web.StreamResponse):
                raise TypeError(f"the handler returned {type(response).__name__}, not a response")  # noqa: TRY301
        except web.HTTPException:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return web.Response(status=503, text="503 the request was abandoned\n")
        except ConnectionError as error:
            if request.transport is None:
                raise  # the client went away
            return _failed(request, error, log)
        except Exception as error:  # noqa: BLE001  # whatever a handler may raise
            return _failed(request, error, log)
        return response

    return reporting


def authorize(security: Guard) -> Middleware:
    """Refuse requests without the user and password of the web configuration."""

    @web.middleware
    async def authorizing(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = await security.authorize(request.headers.get(hdrs.AUTHORIZATION, ""))
        return await handler(request) if refused is None else _refused(refused)

    return authorizing


def bound(limits: Limits) -> Middleware:
    """Bound the requests that are answered at one time, and the bodies that are read."""
    answering = 0
    bodies = 0

    @web.middleware
    async def bounding(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal answering, bodies
        # What is answered without waiting never meets this bound; health must not, ever.
        if answering >= limits.requests and _ALWAYS_ANSWERED not in request.path:
            return web.Response(status=503, text="503 too many requests at once\n", headers=_RETRY)
        size = _body_size(request, limits) if request.body_exists else 0
        if size > limits.body_size:
            text = f"413 the body is larger than {limits.body_size} bytes\n"
            return web.Response(status=413, text=text)
        if bodies + size > limits.bodies_size:
            text = "503 too many request bodies at once\n"
            return web.Response(status=503, text=text, headers=_RETRY)
        answering += 1
        bodies += size
        try:
            return await handler(request)
        finally:
            answering -= 1
            bodies -= size

    return bounding


def _body_size(request: web.Request, limits: Limits) -> int:
    size = request.content_length
    return limits.body_size if size is None else size


def _refused(refused: Refusal) -> web.Response:
    return web.Response(status=refused.status, text=refused.text, headers=refused.headers)


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
