"""prometheus-nginxlog-exporter and this one on the same configuration and log, series by series."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import httpx

from pillion.testing import Scrape
from tests.exporters.nginx.nginxlog_config.configurations import HCL, LINES, STRAYS, written
from tests.exporters.nginx.serving import exporting
from tests.needs import peer
from tests.servers.nginx import free_port

if TYPE_CHECKING:
    from pathlib import Path

OURS_ALONE = ("nginx_exporter_", "promhttp_", "process_", "python_")
EXTRA = "http_upstream_attempts_seconds_total"
SUMMARIES = (
    "http_response_time_seconds",
    "http_upstream_time_seconds",
    "http_upstream_connect_time_seconds",
)


Found = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series(scrape: Scrape) -> Found:
    """Return what both count: the peer's summaries and build, and our own metrics, left out."""
    return {
        (name, labels): value
        for (name, labels), value in scrape.series.items()
        if name.startswith(("shop_", "web_"))
        and not name.endswith(EXTRA)
        and not any(name.endswith((one, f"{one}_sum", f"{one}_count")) for one in SUMMARIES)
    }


async def test_each_series_is_equal(tmp_path: Path) -> None:
    program = peer("prometheus-nginxlog-exporter", "PILLION_NGINXLOG_EXPORTER")
    log, port = tmp_path / "access.log", free_port()
    text = HCL.replace("14040", str(port))
    path = written(tmp_path, text, "hcl", log)
    written_by_nginx = "".join(f"{line}\n" for line in (*LINES * 20, *STRAYS, *LINES))
    async with exporting(f"--config-file={path}") as exporter, httpx.AsyncClient() as client:
        process = subprocess.Popen([program, "-config-file", path], stderr=subprocess.DEVNULL)
        try:
            uri = f"http://127.0.0.1:{port}/custom"
            async with asyncio.timeout(30):
                while not await answers(client, uri):
                    await asyncio.sleep(0.05)
                log.write_text(written_by_nginx)
                ours: Found = {}
                theirs: Found = {}
                while not (total(ours) == total(theirs) == 2 * len(LINES) * 21):
                    await asyncio.sleep(0.1)
                    ours = series(await exporter.scrape())
                    theirs = series(Scrape.parse((await client.get(uri)).text))
        finally:
            process.terminate()
            process.wait(10)
    assert {key: round(value, 6) for key, value in ours.items()} == {
        key: round(value, 6) for key, value in theirs.items()
    }


async def answers(client: httpx.AsyncClient, uri: str) -> bool:
    try:
        return (await client.get(uri)).status_code == 200
    except httpx.TransportError:
        return False


def total(found: Found) -> float:
    return sum(
        value for (name, _), value in found.items() if name.endswith("http_response_count_total")
    )
