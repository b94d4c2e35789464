"""The exporter under load: bounds that answer in time, and SIGTERM that loses nothing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx

from pillion.testing import Scrape
from tests.exporters.blackbox.running import running
from tests.servers.wire import Visit, response, serving


async def answer(visit: Visit) -> None:
    await visit.read_request()
    await visit.write(response(b"ok"))


async def answer_later(visit: Visit) -> None:
    await visit.read_request()
    await asyncio.sleep(0.5)
    await visit.write(response(b"ok"))


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as made:
        yield made


async def test_more_probes_than_places_wait_and_are_turned_away_in_time() -> None:
    async with serving(answer_later) as port, client() as http:
        with running("--probe.concurrency=2") as exporter:
            url = f"http://{exporter.address}/probe?{urlencode({'target': f'127.0.0.1:{port}'})}"
            headers = {"X-Prometheus-Scrape-Timeout-Seconds": "2.5"}
            answers = await asyncio.gather(*(http.get(url, headers=headers) for _ in range(12)))
            turned_away = [one for one in answers if one.status_code == 503]
            served = [one for one in answers if one.status_code == 200]
            # A place is free every 0.25 s; who has waited for half of 2 s is turned away.
            assert 4 <= len(served) <= 7
            assert len(served) + len(turned_away) == 12
            assert all("\nprobe_success 1\n" in one.text for one in served)
            assert all(one.headers["retry-after"] == "1" for one in turned_away)
            seen = Scrape.parse((await http.get(f"http://{exporter.address}/metrics")).text)
            assert seen.value("blackbox_exporter_probes_total", result="turned_away") == len(
                turned_away
            )
            assert seen.value("blackbox_exporter_probes_in_flight") == 0


async def test_two_hundred_probes_at_a_time_are_all_right() -> None:
    async with serving(answer) as port, client() as http:
        with running("--probe.concurrency=50") as exporter:
            url = f"http://{exporter.address}/probe?{urlencode({'target': f'127.0.0.1:{port}'})}"
            answers = await asyncio.gather(*(http.get(url) for _ in range(200)))
    wrong = [one.text for one in answers if "\nprobe_success 1\n" not in one.text]
    assert wrong == []


async def test_sigterm_finishes_the_probes_in_hand() -> None:
    async with serving(answer_later) as port, client() as http:
        with running() as exporter:
            url = f"http://{exporter.address}/probe?{urlencode({'target': f'127.0.0.1:{port}'})}"
            probes = [asyncio.create_task(http.get(url)) for _ in range(5)]
            await asyncio.sleep(0.2)
            exporter.signal(signal.SIGTERM)
            answers = await asyncio.gather(*probes)
            assert all("\nprobe_success 1\n" in one.text for one in answers)
            assert await asyncio.to_thread(exporter.wait) == 0


async def test_a_client_that_goes_away_ends_its_probe() -> None:
    ended = asyncio.Event()

    async def wait(visit: Visit) -> None:
        await visit.read_request()
        await visit.wait_for_end()
        ended.set()

    async with serving(wait) as port:
        with running() as exporter:
            host, _, own = exporter.address.rpartition(":")
            _, writer = await asyncio.open_connection(host, int(own))
            writer.write(f"GET /probe?target=127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await asyncio.sleep(0.2)
            writer.close()
            async with asyncio.timeout(5):
                await ended.wait()
