"""The exporter on a web server of its own, within the test's event loop."""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from aiohttp import web
from prometheus_client import CollectorRegistry

from pillion.lifecycle import Deadline, Health
from pillion.log import Logger
from pillion.process import Context
from pillion.settings import Address, parse
from pillion.testing import Scrape
from pillion.web import Server
from pillion_nginx_exporter.command import COMMAND
from pillion_nginx_exporter.exporter import NginxExporter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


class Exporter:
    """A running exporter.

    Attributes:
        client: asks it over HTTP.
        log: all that it has logged.
    """

    def __init__(self, client: httpx.AsyncClient, log: io.StringIO) -> None:
        self.client = client
        self._log = log

    @property
    def log(self) -> str:
        return self._log.getvalue()

    async def scrape(self, path: str = "/metrics", **headers: str) -> Scrape:
        answer = await self.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return Scrape.parse(answer.text)


def built(
    *arguments: str, environment: Mapping[str, str] | None = None, log: io.StringIO | None = None
) -> NginxExporter:
    """Return the exporter that this command line makes, or raise what is wrong with it."""
    values = parse(COMMAND, arguments, environment or {})
    logger = Logger(stream=log or io.StringIO(), level="debug")
    return NginxExporter(Context(values, logger, CollectorRegistry(), Health()))


@asynccontextmanager
async def exporting(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Exporter]:
    """Serve the exporter that this command line makes."""
    log = io.StringIO()
    exporter = built(*arguments, environment=environment, log=log)
    application = web.Application()
    exporter.routes(application)
    await exporter.start()
    async with (
        Server(application, listen=[Address("127.0.0.1", 0)], log=Logger(stream=log)) as server,
        httpx.AsyncClient(base_url=f"http://{server.addresses[0]}", trust_env=False) as client,
    ):
        try:
            yield Exporter(client, log)
        finally:
            await exporter.drain(Deadline(5.0))
