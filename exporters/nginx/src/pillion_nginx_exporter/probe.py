"""`GET /probe?target=URI`: measures an nginx that is named in the request, where it may.

Nothing is kept of a probe: its connection is closed with its answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from pillion.errors import RejectedError, TransientError
from pillion.web import peer_of
from pillion.web.standard import exposed
from pillion_nginx_exporter.allow import admits_name, admitted, may_resolve
from pillion_nginx_exporter.collector import metrics
from pillion_nginx_exporter.fetch import Client, Wire
from pillion_nginx_exporter.fetch.address import resolve
from pillion_nginx_exporter.scrape import TIMEOUT_HEADER, measure, time_within
from pillion_nginx_exporter.target import parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.log import Logger
    from pillion_nginx_exporter.allow import Rule
    from pillion_nginx_exporter.fetch import ClientTls
    from pillion_nginx_exporter.fetch.address import Address
    from pillion_nginx_exporter.labels import Labels
    from pillion_nginx_exporter.target import Endpoint

_MOST_AT_ONCE = 32


class Prober:
    """Answers `/probe`."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        tls: ClientTls,
        sends_proxy_header: bool,
        timeout: float,
        labels: Labels,
        log: Logger,
    ) -> None:
        """Take what admits a target, and how it is scraped (as in `Wire` and `Scraper`)."""
        self._rules = tuple(rules)
        self._wire = Wire(tls, sends_proxy_header, self._addresses)
        self._timeout = timeout
        self._labels = labels
        self._log = log
        self._under_way = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Return the metrics of the target, or why it is not measured."""
        if not self._rules:
            return _refused(403, "/probe measures nothing unless --probe.allow says what")
        written = request.query.get("target", "")
        if not written:
            return _refused(400, "no target is given; ask for /probe?target=URI")
        try:
            target = parse_target(written)
        except ValueError as error:
            return _refused(400, f"the target {error}")
        if self._under_way >= _MOST_AT_ONCE:
            response = _refused(503, f"{_MOST_AT_ONCE} probes are under way")
            response.headers["Retry-After"] = "1"
            return response
        within = time_within(request.headers.get(TIMEOUT_HEADER))
        seconds = self._timeout if within is None else min(within, self._timeout)
        client = Client(target, self._wire)
        self._under_way += 1
        try:
            scrape = await measure(client, seconds)
        except RejectedError as error:
            self._log.warning("a probe was refused", target=target.uri, peer=peer_of(request))
            return _refused(403, str(error))
        finally:
            self._under_way -= 1
            client.close()
        if scrape.reason:
            self._log.debug(
                "a probe failed", target=target.uri, reason=scrape.reason, error=scrape.sentence
            )
        return exposed(request, metrics([(self._labels, scrape)]))

    async def _addresses(self, endpoint: Endpoint) -> tuple[Address, ...]:
        """Resolve once, and return those addresses that may be connected to."""
        refusal = RejectedError(
            f"{endpoint} is not admitted by --probe.allow, nor is an address of it",
            reason="not_allowed",
        )
        if not may_resolve(self._rules, endpoint):
            raise refusal
        try:
            addresses = await resolve(endpoint)
        except TransientError:
            # Whether a name exists is told of admitted names only.
            if admits_name(self._rules, endpoint):
                raise
            raise refusal from None
        admitted_ones = admitted(self._rules, endpoint, addresses)
        if not admitted_ones:
            raise refusal
        return admitted_ones


def _refused(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{status} {why}\n")
