"""The routes that every Pillion process answers: metrics, health, readiness and reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from pillion.errors import PillionError
from pillion.metrics import Family, exposition

if TYPE_CHECKING:
    from pillion.metrics import Registry

Collect = Callable[[web.Request], Awaitable[Iterable[Family]]]

_CODES = ("200", "500", "503")


def add_standard_routes(
    application: web.Application,
    *,
    healthy: Callable[[], str | None],
    ready: Callable[[], str | None],
    reload: Callable[[], Awaitable[None]],
) -> None:
    """Answer `/-/healthy`, `/-/ready` and `POST /-/reload`.

    Args:
        application: where to add them.
        healthy: returns why the process makes no progress, or None when it does; a reason is
            answered with 503.
        ready: returns why it should be given no work, or None; likewise.
        reload: takes the configuration up. A PillionError that it raises is answered with 500
            and the error's sentence, and says that the old configuration stays.
    """

    async def answer_healthy(_: web.Request) -> web.Response:
        return _state("healthy", healthy())

    async def answer_ready(_: web.Request) -> web.Response:
        return _state("ready", ready())

    async def answer_reload(_: web.Request) -> web.Response:
        try:
            await reload()
        except PillionError as error:
            return web.Response(status=500, text=f"the old configuration stays: {error}\n")
        return web.Response(text="reloaded\n")

    application.router.add_get("/-/healthy", answer_healthy)
    application.router.add_get("/-/ready", answer_ready)
    application.router.add_post("/-/reload", answer_reload)


def add_metrics_route(
    application: web.Application, path: str, registry: Registry, collect: Collect | None = None
) -> None:
    """Answer `path` with all that the registry holds, as text or OpenMetrics as asked.

    Counts itself as Go's promhttp does, so that dashboards for the peers go on working.

    Args:
        application: where to add it.
        path: `/metrics`, unless a flag says otherwise.
        registry: what is exposed; the two metrics of the handler are added to it.
        collect: awaited at each scrape for the families that have to be fetched; they follow
            the registry's. What it raises is answered with 500.
    """
    handler = _Metrics(registry, collect)
    application.router.add_get(
        path, handler.scrape if collect is None else handler.collect_and_scrape
    )


def exposed(request: web.Request, families: Iterable[Family]) -> web.Response:
    """Return families as text, or as OpenMetrics where the request's Accept header wants it."""
    accept = request.headers.get(hdrs.ACCEPT, "")
    kind = exposition.negotiate(accept) if accept else exposition.TEXT
    write = exposition.openmetrics if kind == exposition.OPENMETRICS else exposition.text
    return text_response(write(families), kind)


def text_response(text: str, content_type: str) -> web.Response:
    """Return text with a whole Content-Type, parameters included."""
    return web.Response(body=text.encode(), headers={hdrs.CONTENT_TYPE: content_type})


class _Metrics:
    """The handler of a scrape, and what it counts."""

    __slots__ = ("_collect", "_failed", "_in_flight", "_registry", "_succeeded")

    def __init__(self, registry: Registry, collect: Collect | None) -> None:
        self._registry = registry
        self._collect = collect
        requests = registry.counter(
            "promhttp_metric_handler_requests_total",
            "Total number of scrapes by HTTP status code.",
            ("code",),
        )
        self._succeeded, self._failed, _ = map(requests.labelled, _CODES)
        self._in_flight = registry.gauge(
            "promhttp_metric_handler_requests_in_flight", "Current number of scrapes being served."
        ).labelled()

    async def scrape(self, request: web.Request) -> web.Response:
        with self:
            return exposed(request, self._registry.families())

    async def collect_and_scrape(self, request: web.Request) -> web.Response:
        assert self._collect is not None
        with self:
            collected = await self._collect(request)
            return exposed(request, chain(self._registry.families(), collected))

    def __enter__(self) -> None:
        self._in_flight.inc()

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._in_flight.inc(-1)
        (self._succeeded if kind is None else self._failed).inc()


def _state(word: str, reason: str | None) -> web.Response:
    if reason is None:
        return web.Response(text=f"{word}\n")
    return web.Response(status=503, text=f"not {word}: {reason}\n")
