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


class Holding:
    """A target that answers nobody before it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = asyncio.Event()
        self._came = asyncio.Condition()

    async def answer(self, visit: Visit) -> None:
        await visit.read_request()
        async with self._came:
            self.asked += 1
            self._came.notify_all()
        await self.go_on.wait()
        await visit.write(response(b"ok"))

    async def was_asked(self, times: int) -> None:
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: self.asked >= times)


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as made:
        yield made


async def test_more_probes_than_places_wait_and_are_turned_away_in_time() -> None:
    target = Holding()
    async with serving(target.answer) as port, client() as http:
        with running("--probe.concurrency=2") as exporter:
            url = f"http://{exporter.address}/probe?{urlencode({'target': f'127.0.0.1:{port}'})}"
            headers = {"X-Prometheus-Scrape-Timeout-Seconds": "6.5"}
            probes = [asyncio.create_task(http.get(url, headers=headers)) for _ in range(12)]
            # Two hold the places, eight wait for half of their 6 s, and two find the queue full.
            answers = asyncio.as_completed(probes)
            turned_away = [await next(answers) for _ in range(10)]
            target.go_on.set()
            served = [await one for one in answers]
            assert [one.status_code for one in turned_away] == [503] * 10
            assert all(one.headers["retry-after"] == "1" for one in turned_away)
            assert all("\nprobe_success 1\n" in one.text for one in served)
            seen = Scrape.parse((await http.get(f"http://{exporter.address}/metrics")).text)
            assert seen.value("blackbox_exporter_probes_total", result="turned_away") == 10
            assert seen.value("blackbox_exporter_probes_in_flight") == 0


async def test_a_target_that_hangs_keeps_no_other_probe_waiting() -> None:
    target = Holding()
    async with serving(target.answer) as hanging, serving(answer) as port, client() as http:
        with running("--probe.concurrency=50") as exporter:
            url = f"http://{exporter.address}/probe?"
            held = asyncio.create_task(
                http.get(url + urlencode({"target": f"127.0.0.1:{hanging}"}))
            )
            await target.was_asked(1)
            good = url + urlencode({"target": f"127.0.0.1:{port}"})
            answers = await asyncio.gather(*(http.get(good) for _ in range(200)))
            assert not held.done()
            target.go_on.set()
            assert "\nprobe_success 1\n" in (await held).text
    assert [one.text for one in answers if "\nprobe_success 1\n" not in one.text] == []


async def test_sigterm_finishes_the_probes_in_hand() -> None:
    target = Holding()
    async with serving(target.answer) as port, client() as http:
        with running() as exporter:
            url = f"http://{exporter.address}/probe?{urlencode({'target': f'127.0.0.1:{port}'})}"
            probes = [asyncio.create_task(http.get(url)) for _ in range(5)]
            await target.was_asked(5)
            exporter.signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                while (await http.get(f"http://{exporter.address}/-/ready")).status_code == 200:
                    pass
            target.go_on.set()
            answers = await asyncio.gather(*probes)
            assert all("\nprobe_success 1\n" in one.text for one in answers)
            assert await asyncio.to_thread(exporter.wait) == 0


async def test_a_client_that_goes_away_ends_its_probe() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def wait(visit: Visit) -> None:
        await visit.read_request()
        asked.set()
        await visit.wait_for_end()
        ended.set()

    async with serving(wait) as port:
        with running() as exporter:
            host, _, own = exporter.address.rpartition(":")
            _, writer = await asyncio.open_connection(host, int(own))
            writer.write(f"GET /probe?target=127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            async with asyncio.timeout(20):
                await asked.wait()
                writer.close()
                await ended.wait()
