"""What every process answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from pillion.errors import ConfigurationError
from pillion.metrics import exposition
from pillion.testing import Scrape
from pillion.web.standard import add_metrics_route, add_standard_routes

if TYPE_CHECKING:
    from tests.core.web.conftest import Serve

HANDLED = "promhttp_metric_handler_requests_total"


async def collected(_: web.Request) -> Iterable[Metric]:
    depth = GaugeMetricFamily("queue_depth", "Mails.", labels=["queue"])
    depth.add_metric(["in"], 3)
    return [depth]


async def broken(_: web.Request) -> Iterable[Metric]:
    raise LookupError("no queue")


class Broken:
    def collect(self) -> Iterable[Metric]:
        raise LookupError("no metrics")


async def test_metrics_are_text_unless_openmetrics_is_asked_for(serve: Serve) -> None:
    registry, site = CollectorRegistry(), web.Application()
    Counter("events_total", "Events.", registry=registry).inc()
    add_metrics_route(site, "/metrics", registry)
    async with serve(site) as running:
        client = await running.connect()
        plain = await client.get("/metrics")
        assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        parsed = text_string_to_metric_families(plain.text)
        assert list(parsed)
        asked = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4"
        answer = await client.get("/metrics", Accept=asked)
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        reparsed = openmetrics_parser.text_string_to_metric_families(answer.text)
        assert list(reparsed)


async def test_scrapes_are_counted_as_promhttp_counts_them(serve: Serve) -> None:
    registry, site = CollectorRegistry(), web.Application()
    add_metrics_route(site, "/m", registry)
    async with serve(site) as running:
        client = await running.connect()
        first = Scrape.parse((await client.get("/m")).text)
        assert [first.value(HANDLED, code=code) for code in ("200", "500", "503")] == [0, 0, 0]
        assert first.value("promhttp_metric_handler_requests_in_flight") == 1
        second = Scrape.parse((await client.get("/m")).text)
        assert second.value(HANDLED, code="200") == 1


async def test_metrics_that_have_to_be_fetched_follow_the_registrys(serve: Serve) -> None:
    registry, site = CollectorRegistry(), web.Application()
    add_metrics_route(site, "/metrics", registry, collected)
    async with serve(site) as running:
        answer = await (await running.connect()).get("/metrics")
        assert Scrape.parse(answer.text).value("queue_depth", queue="in") == 3
        assert answer.text.index(HANDLED) < answer.text.index("queue_depth")


async def test_a_scrape_that_fails_is_500_and_counted(serve: Serve) -> None:
    registry, site = CollectorRegistry(), web.Application()
    add_metrics_route(site, "/metrics", registry)
    add_metrics_route(site, "/collected", broken_registry := CollectorRegistry(), broken)
    async with serve(site) as running:
        client = await running.connect()
        assert (await client.get("/collected")).status == 500
        counted = Scrape.parse(exposition.text(broken_registry.collect()))
        assert [counted.value(HANDLED, code=code) for code in ("200", "500", "503")] == [0, 1, 0]
        registry.register(Broken())
        assert (await client.get("/metrics")).status == 500


async def test_health_and_readiness_say_why_not(serve: Serve) -> None:
    why: dict[str, str | None] = {"healthy": None, "ready": "it is starting"}
    site = web.Application()

    async def reload() -> None:
        return

    add_standard_routes(
        site, healthy=lambda: why["healthy"], ready=lambda: why["ready"], reload=reload
    )
    async with serve(site) as running:
        client = await running.connect()
        assert (await client.get("/-/healthy")).status == 200
        answer = await client.get("/-/ready")
        assert (answer.status, answer.text) == (503, "not ready: it is starting\n")
        why.update(healthy="tail has not advanced for 60 s", ready=None)
        answer = await client.get("/-/healthy")
        assert (answer.status, answer.text) == (
            503,
            "not healthy: tail has not advanced for 60 s\n",
        )
        assert (await client.get("/-/ready")).status == 200


async def test_reload_answers_once_it_is_done_or_says_why_not(serve: Serve) -> None:
    outcomes: list[Exception | None] = [None, ConfigurationError("blackbox.yml:3: is no module")]
    site = web.Application()

    async def reload() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    add_standard_routes(site, healthy=lambda: None, ready=lambda: None, reload=reload)
    async with serve(site) as running:
        client = await running.connect()
        assert (await client.get("/-/reload")).status == 405
        request = b"POST /-/reload HTTP/1.1\r\nHost: h\r\n\r\n"
        await client.send(request)
        assert (await client.answer()).status == 200
        await client.send(request)
        answer = await client.answer()
        assert answer.status == 500
        assert answer.text == "the old configuration stays: blackbox.yml:3: is no module\n"
