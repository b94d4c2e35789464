"""The exporter as a service: targets made of the settings, scraped when `/metrics` is asked."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from pillion.errors import UsageError
from pillion.metrics.standard import add_build_info
from pillion.process import Service
from pillion.web.standard import add_metrics_route
from pillion_nginx_exporter import collector
from pillion_nginx_exporter.access_log.settings import AccessLogSettings
from pillion_nginx_exporter.access_log.source import AccessLogSource
from pillion_nginx_exporter.access_log_config import from_settings
from pillion_nginx_exporter.fetch import ClientTls, Wire
from pillion_nginx_exporter.former import FormerSettings, check_former
from pillion_nginx_exporter.labels import const_labels
from pillion_nginx_exporter.landing import landing_page
from pillion_nginx_exporter.probe import Prober
from pillion_nginx_exporter.scrape import TIMEOUT_HEADER, time_within
from pillion_nginx_exporter.settings import ExpositionSettings, NginxSettings
from pillion_nginx_exporter.watched import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiohttp import web
    from prometheus_client import Metric

    from pillion.lifecycle import Deadline
    from pillion.log import Logger
    from pillion.process import Context
    from pillion_nginx_exporter.scrape import Scrape
    from pillion_nginx_exporter.target import Target

_PROBE_PATH = "/probe"
_FRESH = 1.0
"""Seconds for which the landing page shows what it has, rather than scrape anew."""


class NginxExporter(Service):
    """Scrapes every target when it is asked, and keeps nothing but their last minutes.

    Raises, when it is made:
        UsageError: the settings contradict one another, or ask for what is not supported.
        ConfigurationError: a file of theirs cannot be used.
    """

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        nginx = context.values[NginxSettings]
        exposition = context.values[ExpositionSettings]
        former = context.values[FormerSettings]
        _check(nginx, exposition)
        check_former(former, context.log)
        labels = const_labels(
            (*former.const_labels, *exposition.const_label),
            has_several_targets=len(nginx.scrape_uri) > 1,
        )
        wire = Wire(_tls(nginx, context.log), nginx.proxy_protocol)
        add_build_info(context.registry, "nginx_exporter")
        self._clock = clock
        self._registry = context.registry
        self._telemetry_path = exposition.telemetry_path
        access_log = context.values[AccessLogSettings]
        self._watched = watch(
            _targets(nginx, access_log),
            labels=labels,
            wire=wire,
            timeout=nginx.timeout,
            registry=context.registry,
            log=context.log,
            clock=clock,
        )
        self._access_logs = tuple(
            AccessLogSource(config, log=context.log, health=context.health, clock=clock)
            for config in from_settings(access_log, dict(labels), context.log)
        )
        for source in self._access_logs:
            context.registry.register(source)
        self._prober = Prober(
            exposition.probe_allow,
            tls=wire.tls,
            sends_proxy_header=wire.sends_proxy_header,
            timeout=nginx.timeout,
            labels=tuple(sorted(labels)),
            log=context.log,
        )

    def routes(self, application: web.Application) -> None:
        """Add the paths that it answers."""
        add_metrics_route(application, self._telemetry_path, self._registry, self.metrics)
        application.router.add_get(_PROBE_PATH, self._prober.answer)
        if self._telemetry_path != "/":
            application.router.add_get("/", self.overview)

    async def start(self) -> None:
        """Begin to read the access logs, where there are any."""
        for source in self._access_logs:
            source.start()

    async def drain(self, deadline: Deadline) -> None:
        """Finish the scrapes in hand and close the connections; a last scrape opens its own."""
        for source in self._access_logs:
            await source.close(deadline)
        await asyncio.gather(*(one.scraper.close() for one in self._watched))

    async def metrics(self, request: web.Request) -> Iterable[Metric]:
        """Return the metrics of all targets, scraped for this request.

        The scrape timeout that Prometheus names in the request bounds how long this takes.
        """
        scrapes = await self.scrape(time_within(request.headers.get(TIMEOUT_HEADER)))
        labels = [watched.labels for watched in self._watched]
        return collector.metrics(zip(labels, scrapes, strict=True))

    async def scrape(self, within: float | None = None) -> Sequence[Scrape]:
        """Scrape all targets at once; return what came of each, in their order."""
        if len(self._watched) == 1:
            return (await self._watched[0].scraper.scrape(within),)
        return await asyncio.gather(*(one.scraper.scrape(within) for one in self._watched))

    async def overview(self, _: web.Request) -> web.Response:
        """Return the landing page; what it shows is at most a second old."""
        now = self._clock()
        stale = [
            one.scraper.scrape()
            for one in self._watched
            if one.history.newest is None or now - one.history.newest.at >= _FRESH
        ]
        await asyncio.gather(*stale)
        sections = [source.section() for source in self._access_logs]
        return landing_page(self._watched, self._telemetry_path, *sections)


def _targets(nginx: NginxSettings, access_log: AccessLogSettings) -> tuple[Target, ...]:
    """Return what is scraped; who changes the image of the other peer has no stub_status."""
    is_default = nginx.scrape_uri == NginxSettings().scrape_uri
    return () if access_log.config_file is not None and is_default else nginx.scrape_uri


def _check(nginx: NginxSettings, exposition: ExpositionSettings) -> None:
    if nginx.plus:
        raise UsageError(
            "--nginx.plus is not supported: what is read is stub_status, not the API of NGINX "
            "Plus; leave it out (and NGINX_PLUS unset), and name a stub_status page in "
            "--nginx.scrape-uri"
        )
    seen = set()
    for target in nginx.scrape_uri:
        if target in seen:
            raise UsageError(f"--nginx.scrape-uri={target.uri} is given twice")
        seen.add(target)
    path = exposition.telemetry_path
    if path == _PROBE_PATH or path.startswith("/-/"):
        raise UsageError(f"--web.telemetry-path={path} is the path of something else")


def _tls(nginx: NginxSettings, log: Logger) -> ClientTls:
    tls = ClientTls(
        verify=nginx.ssl_verify,
        ca_certificate=nginx.ssl_ca_cert,
        certificate=nginx.ssl_client_cert,
        key=nginx.ssl_client_key,
        server_name=nginx.ssl_server_name,
    )
    if any(target.endpoint.is_tls for target in nginx.scrape_uri):
        tls.context()
    if nginx.ssl_ca_cert and not nginx.ssl_verify:
        log.warning(
            "the certificate of nginx is not verified; --nginx.ssl-verify makes use of the CA",
            flag="--nginx.ssl-ca-cert",
        )
    return tls
