"""The routes that every Pillion process answers: metrics, health, readiness and reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

from prometheus_client import Metric

from pillion.errors import PillionError
from pillion.metrics import exposition
from pillion.metrics.standard import ScrapeCollector
from pillion.web.message import Request, Response

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from pillion.web.routes import Routes

Collect = Callable[[Request], Awaitable[Iterable[Metric]]]


def add_standard_routes(
    routes: Routes,
    *,
    healthy: Callable[[], str | None],
    ready: Callable[[], str | None],
    reload: Callable[[], Awaitable[None]],
) -> None:
    """Answer `/-/healthy`, `/-/ready` and `POST /-/reload`.

    Args:
        routes: where to add them.
        healthy: returns why the process makes no progress, or None when it does; a reason is
            answered with 503.
        ready: returns why it should be given no work, or None; likewise.
        reload: takes the configuration up. A PillionError that it raises is answered with 500
            and the error's sentence, and says that the old configuration stays.
    """

    async def answer_reload(_: Request) -> Response:
        try:
            await reload()
        except PillionError as error:
            return Response(f"the old configuration stays: {error}\n", 500)
        return Response("reloaded\n")

    routes.get("/-/healthy", lambda _: _state("healthy", healthy()))
    routes.get("/-/ready", lambda _: _state("ready", ready()))
    routes.post("/-/reload", answer_reload)


def add_metrics_route(
    routes: Routes, path: str, registry: CollectorRegistry, collect: Collect | None = None
) -> None:
    """Answer `path` with all that the registry holds, as text or OpenMetrics as asked.

    Counts itself as Go's promhttp does, so that dashboards for the peers go on working.

    Args:
        routes: where to add it.
        path: `/metrics`, unless a flag says otherwise.
        registry: what is exposed; the two metrics of the handler are added to it.
        collect: awaited at each scrape for the metrics that have to be fetched; they follow
            the registry's. What it raises is answered with 500.
    """
    handler = _Metrics(registry, collect)
    routes.get(path, handler.scrape if collect is None else handler.collect_and_scrape)


def exposed(request: Request, metrics: Iterable[Metric]) -> Response:
    """Return metrics as text, or as OpenMetrics where the request's Accept header wants it."""
    text, content_type = exposition.exposed(request.headers.get("accept", ""), metrics)
    return Response(text, content_type=content_type)


class _Metrics:
    """The handler of a scrape."""

    __slots__ = ("_collect", "_registry", "_scrapes")

    def __init__(self, registry: CollectorRegistry, collect: Collect | None) -> None:
        self._registry = registry
        self._collect = collect
        self._scrapes = ScrapeCollector()
        registry.register(self._scrapes)

    def scrape(self, request: Request) -> Response:
        with self._scrapes:
            return exposed(request, self._registry.collect())

    async def collect_and_scrape(self, request: Request) -> Response:
        assert self._collect is not None
        with self._scrapes:
            collected = await self._collect(request)
            return exposed(request, chain(self._registry.collect(), collected))


def _state(word: str, reason: str | None) -> Response:
    return Response(f"{word}\n") if reason is None else Response(f"not {word}: {reason}\n", 503)
