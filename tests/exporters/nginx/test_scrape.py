from __future__ import annotations

import asyncio
import io

import pytest

from pillion.errors import TransientError
from pillion.log import Logger
from pillion_nginx_exporter.fetch import Client, ClientTls, Wire
from pillion_nginx_exporter.scrape import Scrape, Scraper, time_within
from pillion_nginx_exporter.target import parse_target

PAGE = (
    b"Active connections: 2 \nserver accepts handled requests\n 3 3 5 \n"
    b"Reading: 0 Writing: 1 Waiting: 1 \n"
)


class Desk(Client):
    """A client whose fetches are answered by the test."""

    def __init__(self) -> None:
        super().__init__(parse_target("http://nginx/"), Wire(ClientTls()))
        self.fetches: list[asyncio.Future[bytes]] = []

    async def fetch(self, deadline: float) -> bytes:
        self.fetches.append(asyncio.get_running_loop().create_future())
        return await self.fetches[-1]

    async def fetch_number(self, number: int) -> asyncio.Future[bytes]:
        while len(self.fetches) < number:
            await asyncio.sleep(0)
        return self.fetches[number - 1]


class Told:
    """What the scraper told, and what it logged."""

    def __init__(self) -> None:
        self.scrapes: list[Scrape] = []
        self.stream = io.StringIO()
        self.desk = Desk()
        self.scraper = Scraper(
            self.desk,
            timeout=5.0,
            log=Logger(stream=self.stream, clock=lambda: 0.0),
            tell=self.scrapes.append,
        )

    async def scrape(self, outcome: bytes | TransientError) -> Scrape:
        """Scrape with this for an answer."""
        scrape = asyncio.ensure_future(self.scraper.scrape())
        fetch = await self.desk.fetch_number(len(self.desk.fetches) + 1)
        if isinstance(outcome, bytes):
            fetch.set_result(outcome)
        else:
            fetch.set_exception(outcome)
        return await scrape

    def lines(self) -> list[str]:
        stamp = "time=1970-01-01T00:00:00.000Z "
        return [line.removeprefix(stamp) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def told() -> Told:
    return Told()


def refused() -> TransientError:
    return TransientError("nginx:80 refused the connection", reason="refused")


async def test_a_page_gives_its_figures(told: Told) -> None:
    scrape = await told.scrape(PAGE)
    assert scrape.status is not None
    assert (scrape.status.requests, scrape.reason) == (5, "")
    assert told.scrapes == [scrape]
    assert told.scraper.last is scrape


async def test_a_failure_gives_its_reason_and_no_figures(told: Told) -> None:
    scrape = await told.scrape(refused())
    assert (scrape.status, scrape.reason) == (None, "refused")
    assert scrape.sentence == "nginx:80 refused the connection"


async def test_garbage_is_a_failure_to_parse(told: Told) -> None:
    assert (await told.scrape(b"<html>")).reason == "parse"


async def test_scrapes_that_meet_share_one_fetch(told: Told) -> None:
    scrapes = [asyncio.ensure_future(told.scraper.scrape()) for _ in range(3)]
    (await told.desk.fetch_number(1)).set_result(PAGE)
    first, *others = await asyncio.gather(*scrapes)
    assert all(other is first for other in others)
    assert len(told.desk.fetches) == 1
    assert told.scrapes == [first], "a shared scrape is told once"


async def test_a_scrape_that_comes_later_fetches_anew(told: Told) -> None:
    assert await told.scrape(PAGE) is not await told.scrape(PAGE)
    assert len(told.desk.fetches) == 2


async def test_one_who_joins_with_less_time_gives_up_alone(told: Told) -> None:
    patient = asyncio.ensure_future(told.scraper.scrape())
    fetch = await told.desk.fetch_number(1)
    hasty = await told.scraper.scrape(0.01)
    assert (hasty.status, hasty.reason) == (None, "timeout")
    fetch.set_result(PAGE)
    assert (await patient).status is not None
    assert len(told.desk.fetches) == 1


async def test_when_the_one_who_began_gives_up_another_begins_anew(told: Told) -> None:
    began = asyncio.ensure_future(told.scraper.scrape(1.0))
    first = await told.desk.fetch_number(1)
    waiting = [asyncio.ensure_future(told.scraper.scrape(4.0)) for _ in range(2)]
    await asyncio.sleep(0)
    first.set_exception(TransientError("nginx:80 did not answer in time", reason="timeout"))
    (await told.desk.fetch_number(2)).set_result(PAGE)
    assert (await began).reason == "timeout"
    assert [(await scrape).reason for scrape in waiting] == ["", ""]
    assert len(told.desk.fetches) == 2


async def test_when_the_one_who_began_goes_away_another_begins_anew(told: Told) -> None:
    began = asyncio.ensure_future(told.scraper.scrape())
    await told.desk.fetch_number(1)
    waiting = asyncio.ensure_future(told.scraper.scrape())
    await asyncio.sleep(0)
    began.cancel()
    (await told.desk.fetch_number(2)).set_result(PAGE)
    assert (await waiting).status is not None
    assert len(told.scrapes) == 1


async def test_one_who_joined_and_goes_away_does_not_disturb_the_fetch(told: Told) -> None:
    began = asyncio.ensure_future(told.scraper.scrape())
    fetch = await told.desk.fetch_number(1)
    joined = asyncio.ensure_future(told.scraper.scrape())
    await asyncio.sleep(0)
    joined.cancel()
    fetch.set_result(PAGE)
    assert (await began).status is not None


async def test_only_a_change_of_state_is_logged(told: Told) -> None:
    for outcome in (PAGE, PAGE, refused(), refused(), b"<html>", b"<html>", PAGE, PAGE):
        await told.scrape(outcome)
    assert told.lines() == [
        'level=info msg="nginx is scraped"',
        'level=warn msg="nginx cannot be scraped" reason=refused '
        'error="nginx:80 refused the connection"',
        'level=warn msg="nginx cannot be scraped" reason=parse '
        "error=\"the answer is not a status page of nginx: it begins with '<html>'\"",
        'level=info msg="nginx is scraped"',
    ]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("10", 9.75),
        ("10.000000", 9.75),
        ("1", 0.9),
    ],
)
def test_the_scrape_timeout_of_prometheus_leaves_a_margin(
    header: str | None, seconds: float | None
) -> None:
    assert time_within(header) == seconds
