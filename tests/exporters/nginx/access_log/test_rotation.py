"""A log of a real nginx that is rotated, cut and read across SIGKILL: nothing is missed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from pillion.testing import started
from tests.exporters.nginx.serving import exporting
from tests.servers.nginx import nginx

if TYPE_CHECKING:
    from pillion.testing import Scrape
    from tests.exporters.nginx.serving import Exporter
    from tests.servers.nginx import Nginx

TEXT = '$remote_addr "$request" $status $body_bytes_sent $request_time'
SERVER = """
log_format timed '%(format)s';
server {
    listen 127.0.0.1:{port};
    access_log %(where)s timed%(more)s;
    location /missing { return 404; }
    location / { return 200 "hello"; }
}
"""
COUNT = "nginx_http_response_count_total"
COMMAND = str(Path(sys.executable).parent / "pillion-nginx-exporter")
Sent = Counter[tuple[str, str]]


def blocks(log: Path, more: str = "") -> str:
    return SERVER % {"format": TEXT, "where": log, "more": more}


async def load(server: Nginx, sent: Sent, times: int = 30) -> None:
    """Send some of each kind, and note them."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        for at in range(times):
            method, path = ("POST", "/") if at % 3 else ("GET", "/missing" if at % 2 else "/")
            answer = await client.request(method, path)
            sent[method, str(answer.status_code)] += 1


def found(scrape: Scrape) -> Sent:
    return Counter(
        {
            (labels["method"], labels["status"]): int(scrape.value(COUNT, **labels))
            for labels in scrape.labels(COUNT)
        }
    )


async def until(exporter: Exporter, sent: Sent) -> None:
    """Wait until as much is counted as was sent."""
    async with asyncio.timeout(20):
        while found(await exporter.scrape()).total() < sent.total():
            await asyncio.sleep(0.02)


async def opened(exporter: Exporter) -> None:
    async with asyncio.timeout(20):
        while not (await exporter.scrape()).value("nginx_exporter_access_log_open_files"):
            await asyncio.sleep(0.02)


def reopen(server: Nginx) -> None:
    os.kill(int((server.folder / "nginx.pid").read_text()), signal.SIGUSR1)


@pytest.mark.parametrize("more", ["", " buffer=4k flush=1s"])
async def test_rotation_by_name_under_load_misses_and_repeats_nothing(
    tmp_path: Path, more: str
) -> None:
    log, sent = tmp_path / "access.log", Sent()
    with nginx(tmp_path, blocks(log, more)) as server:
        async with exporting(f"--nginx.access-log={log}", f"--nginx.log-format={TEXT}") as exporter:
            for turn in range(3):
                loading = asyncio.create_task(load(server, sent))
                await asyncio.sleep(0)
                log.rename(tmp_path / f"access.log.{turn}")
                await load(server, sent, 5)  # into the file that was renamed
                reopen(server)
                await loading
                async with asyncio.timeout(10):
                    while not log.exists():
                        await asyncio.sleep(0.01)
            await until(exporter, sent)
            scrape = await exporter.scrape()
    assert found(scrape) == sent
    assert scrape.value("nginx_parse_errors_total") == 0


async def test_a_log_that_is_copied_and_cut_is_counted_on(tmp_path: Path) -> None:
    log, sent = tmp_path / "access.log", Sent()
    with nginx(tmp_path, blocks(log)) as server:
        async with exporting(f"--nginx.access-log={log}", f"--nginx.log-format={TEXT}") as exporter:
            for _ in range(3):
                await load(server, sent)
                # What is written between the copy and the cut is lost, for whoever reads the log.
                await until(exporter, sent)
                shutil.copy(log, tmp_path / "access.log.1")
                os.truncate(log, 0)
            await load(server, sent, 10)
            await until(exporter, sent)
            scrape = await exporter.scrape()
    assert found(scrape) == sent


async def test_after_sigkill_nothing_is_missed_and_a_second_at_most_comes_again(
    tmp_path: Path,
) -> None:
    log, sent = tmp_path / "access.log", Sent()
    command = [
        COMMAND,
        "--web.listen-address=127.0.0.1:0",
        f"--nginx.access-log={log}",
        f"--nginx.log-format={TEXT}",
        f"--state.dir={tmp_path}/state",
    ]
    with nginx(tmp_path, blocks(log)) as server:
        with started(command) as first:
            async with asyncio.timeout(20):
                while not first.scrape().value("nginx_exporter_access_log_open_files"):
                    await asyncio.sleep(0.05)
            await load(server, sent)
            async with asyncio.timeout(20):
                while found(first.scrape()).total() < sent.total():
                    await asyncio.sleep(0.05)
                while not any((tmp_path / "state").glob("*")):
                    await asyncio.sleep(0.05)
            before = found(first.scrape())
            first.signal(signal.SIGKILL)
        after = Sent()
        await load(server, after, 20)
        with started(command) as second:
            async with asyncio.timeout(20):
                while not found(second.scrape()) >= after:
                    await asyncio.sleep(0.05)
            counted = found(second.scrape())
    assert before == sent
    assert counted >= after  # what was read and not saved may come again
    assert counted.total() <= after.total() + sent.total()
