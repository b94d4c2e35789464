"""Scraping one target: one fetch under way at a time, shared by all who ask meanwhile."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_nginx_exporter.stub_status import StubStatus, parse_stub_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion_nginx_exporter.fetch import Client

_LARGEST_MARGIN = 0.25
_MARGIN = 0.1

TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"


@dataclass(frozen=True, slots=True)
class Scrape:
    """What came of one scrape.

    Attributes:
        status: the figures; None when it failed.
        seconds: how long it took.
        reason: why it failed, one of `fetch.failure.REASONS`; empty when it did not.
        sentence: the same for people.
    """

    status: StubStatus | None
    seconds: float
    reason: str = ""
    sentence: str = ""


def time_within(header: str | None) -> float | None:
    """Return the seconds that a scrape may take, by what Prometheus says in its header.

    `X-Prometheus-Scrape-Timeout-Seconds` is when Prometheus hangs up; a tenth of it, a quarter
    of a second at most, is kept for the way back. None stands for no such header, or for one
    that is no positive number.
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return None
    if not 0 < seconds < math.inf:
        return None
    return seconds - min(_LARGEST_MARGIN, seconds * _MARGIN)


async def measure(client: Client, seconds: float) -> Scrape:
    """Fetch and parse once, within so many seconds.

    Raises:
        RejectedError: the target is not to be connected to.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    try:
        status = parse_stub_status(await client.fetch(begin + seconds))
    except TransientError as error:
        return Scrape(None, loop.time() - begin, error.reason, str(error))
    return Scrape(status, loop.time() - begin)


class Scraper:
    """Scrapes one target for whoever asks, and tells what came of it.

    Attributes:
        last: the last scrape, or None.
    """

    def __init__(
        self,
        client: Client,
        *,
        timeout: float,
        log: Logger,
        tell: Callable[[Scrape], None],
    ) -> None:
        """Take the parts.

        Args:
            client: fetches the page.
            timeout: the most that a fetch may take, in seconds.
            log: where a change of state is written, bound to the target.
            tell: called with each scrape once, however many share it.
        """
        self._client = client
        self._timeout = timeout
        self._log = log
        self._tell = tell
        # The fetch under way: the one who began it runs it, and the others wait for its result.
        # None as the result says that it was given up before its time.
        self._under_way: asyncio.Future[Scrape | None] | None = None
        self.last: Scrape | None = None

    async def scrape(self, within: float | None = None) -> Scrape:
        """Return a scrape: the one under way, or one that is begun now.

        Args:
            within: how long this caller waits, in seconds. One who gives up, or goes away,
                does so alone: one of those who wait longer then begins anew.
        """
        loop = asyncio.get_running_loop()
        begin = loop.time()
        left = within
        while self._under_way is not None:
            try:
                async with asyncio.timeout(left):
                    shared = await asyncio.shield(self._under_way)
            except TimeoutError:
                seconds = loop.time() - begin
                sentence = f"no answer within {seconds:.3g} s"
                return self._note(Scrape(None, seconds, "timeout", sentence))
            if shared is not None:
                return shared
            if within is not None:
                left = within - (loop.time() - begin)
        return await self._begin(left)

    async def close(self) -> None:
        """Wait for the scrape under way, then close the connection; a later one opens its own."""
        while self._under_way is not None:
            await asyncio.shield(self._under_way)
        self._client.close()

    async def _begin(self, within: float | None) -> Scrape:
        shared = self._under_way = asyncio.get_running_loop().create_future()
        is_cut_short = within is not None and within < self._timeout
        result = None
        try:
            scrape = await measure(
                self._client, self._timeout if within is None else min(within, self._timeout)
            )
            if not (is_cut_short and scrape.reason == "timeout"):
                result = scrape
        finally:
            self._under_way = None
            shared.set_result(result)
        return self._note(scrape)

    def _note(self, scrape: Scrape) -> Scrape:
        before, self.last = self.last, scrape
        if before is None or before.reason != scrape.reason:
            if scrape.reason:
                self._log.warning(
                    "nginx cannot be scraped", reason=scrape.reason, error=scrape.sentence
                )
            else:
                self._log.info("nginx is scraped")
        self._tell(scrape)
        return scrape
