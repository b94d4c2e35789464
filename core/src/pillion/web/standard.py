"""The routes that every Pillion process answers: metrics, health, readiness and reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from prometheus_client import Metric

from pillion.errors import PillionError
from pillion.metrics import exposition
from pillion.metrics.standard import ScrapeCollector

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

Collect = Callable[[web.Request], Awaitable[Iterable[Metric]]]


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
    application: web.Application,
    path: str,
    registry: CollectorRegistry,
    collect: Collect | None = None,
) -> None:
    """Answer `path` with all that the registry holds, as text or OpenMetrics as asked.

    Counts itself as Go's promhttp does, so that dashboards for the peers go on working.

    Args:
        application: where to add it.
        path: `/metrics`, unless a flag says otherwise.
        registry: what is exposed; the two metrics of the handler are added to it.
        collect: awaited at each scrape for the metrics that have to be fetched; they follow
            the registry's. What it raises is answered with 500.
    """
    handler = _Metrics(registry, collect)
    application.router.add_get(
        path, handler.scrape if collect is None else handler.collect_and_scrape
    )


def exposed(request: web.Request, metrics: Iterable[Metric]) -> web.Response:
    """Return metrics as text, or as OpenMetrics where the request's Accept header wants it."""
    text, content_type = exposition.exposed(request.headers.get(hdrs.ACCEPT, ""), metrics)
    return text_response(text, content_type)


def text_response(text: str, content_type: str) -> web.Response:
    """Return text with a whole Content-Type, parameters included."""
    return web.Response(body=text.encode(), headers={hdrs.CONTENT_TYPE: content_type})


class _Metrics:
    """The handler of a scrape."""

    __slots__ = ("_collect", "_registry", "_scrapes")

    def __init__(self, registry: CollectorRegistry, collect: Collect | None) -> None:
        self._registry = registry
        self._collect = collect
        self._scrapes = ScrapeCollector()
        registry.register(self._scrapes)

    async def scrape(self, request: web.Request) -> web.Response:
        with self._scrapes:
            return exposed(request, self._registry.collect())

    async def collect_and_scrape(self, request: web.Request) -> web.Response:
        assert self._collect is not None
        with self._scrapes:
            collected = await self._collect(request)
            return exposed(request, chain(self._registry.collect(), collected))


def _state(word: str, reason: str | None) -> web.Response:
    if reason is None:
        return web.Response(text=f"{word}\n")
    return web.Response(status=503, text=f"not {word}: {reason}\n")
