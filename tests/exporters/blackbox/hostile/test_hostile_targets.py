"""Targets that mean ill, all at once: each probe ends in time and says what happened.

The exporter runs as a process, and all its probes at the same time. Meanwhile its health is asked
for and its memory looked at.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
import pytest

from pillion.testing import Scrape
from tests.exporters.blackbox.hostile import (
    datagram_targets,
    http2_targets,
    http_targets,
    stream_targets,
    tls_targets,
)
from tests.exporters.blackbox.hostile.behaviour import Behaviour
from tests.exporters.blackbox.running import running

if TYPE_CHECKING:
    from pillion.testing import Started

AT_A_TIME = 16
SLACK = 5.0  # on a machine that does other things; the exporter itself says how long it took

BEHAVIOURS = {
    each.name: each
    for room in (http_targets, tls_targets, stream_targets, http2_targets, datagram_targets)
    for each in room.behaviours()
}


@dataclass
class Seen:
    """What was seen of the exporter while it probed."""

    scrapes: dict[str, Scrape] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    health: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)
    log: str = ""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "body").write_bytes(bytes(6_000_000))
    modules = "\n".join(
        f"  {json.dumps(name)}: {{{each.module}}}" for name, each in BEHAVIOURS.items()
    ).replace("BODY", str(folder / "body"))
    with running(configuration=f"modules:\n{modules}\n", folder=folder) as exporter:
        found = Seen()
        asyncio.run(_probe_all(exporter, folder, found))
        found.log = exporter.log
    return found


async def _probe_all(exporter: Started, folder: Path, seen: Seen) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(trust_env=False, timeout=60, limits=httpx.Limits())
        )
        ports = {}
        for number, each in enumerate(BEHAVIOURS.values()):
            own = folder / str(number)
            own.mkdir()
            ports[each.name] = await stack.enter_async_context(each.start(own))
        watching = asyncio.create_task(_watch(exporter, http, seen))
        gate = asyncio.Semaphore(AT_A_TIME)

        async def probe(each: Behaviour) -> None:
            async with gate:
                await _probe(exporter, http, each, ports[each.name], seen)

        await asyncio.gather(*(probe(each) for each in BEHAVIOURS.values()))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _probe(
    exporter: Started, http: httpx.AsyncClient, each: Behaviour, port: int, seen: Seen
) -> None:
    target = each.target.replace("PORT", str(port))
    query = urlencode({"target": target, "module": each.name})
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": str(each.seconds + 0.5)}
    began = time.monotonic()
    answer = await http.get(f"http://{exporter.address}/probe?{query}", headers=headers)
    seen.seconds[each.name] = time.monotonic() - began
    assert answer.status_code == 200, answer.text
    seen.scrapes[each.name] = Scrape.parse(answer.text)


async def _watch(exporter: Started, http: httpx.AsyncClient, seen: Seen) -> None:
    while True:
        began = time.monotonic()
        answer = await http.get(f"http://{exporter.address}/-/healthy")
        assert answer.status_code == 200
        seen.health.append(time.monotonic() - began)
        pages = int(Path(f"/proc/{exporter.pid}/statm").read_text().split()[1])
        seen.rss.append(pages * os.sysconf("SC_PAGE_SIZE"))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_probe_ends_in_time_and_names_what_happened(seen: Seen, name: str) -> None:
    scrape = seen.scrapes[name]
    reasons = [dict(labels) for found, labels in scrape.series if found == "probe_failure_info"]
    (failure,) = reasons or [{"reason": "", "phase": ""}]
    assert failure["reason"] in BEHAVIOURS[name].reasons
    if phase := BEHAVIOURS[name].phase:
        assert failure["phase"] == phase
    assert seen.seconds[name] < BEHAVIOURS[name].seconds + 0.5 + SLACK


def test_health_is_answered_meanwhile(seen: Seen) -> None:
    assert len(seen.health) > 10
    assert sorted(seen.health)[len(seen.health) // 2] < 1  # 0.03 s where nothing else runs


def test_memory_stays_within_bounds(seen: Seen) -> None:
    assert max(seen.rss) - seen.rss[0] < AT_A_TIME * 8 * 1024 * 1024


def test_nothing_is_logged_but_the_failures_of_probes(seen: Seen) -> None:
    assert "Traceback" not in seen.log
    assert "internal" not in seen.log
