"""`export`: a whole exporter around one function, as its users meet it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from pillion.testing import Scrape, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pillion.testing import Started

HEAD = """
import asyncio, os, sys, time
from dataclasses import dataclass
from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from pillion.exporter import export
from pillion.settings import PATH, setting

def depth(value, name="queue_depth"):
    return GaugeMetricFamily(name, "Mails that wait.", value=value)
"""


@contextmanager
def exporting(tmp_path: Path, body: str, *flags: str) -> Iterator[Started]:
    with started([*program(tmp_path, body), "--web.listen-address=127.0.0.1:0", *flags]) as process:
        yield process


def program(tmp_path: Path, body: str) -> list[str]:
    path = tmp_path / "queue_exporter.py"
    path.write_text(HEAD + body)
    return [sys.executable, str(path)]


@pytest.mark.parametrize(
    "collect",
    [
        "def collect(context):\n    return [depth(3)]",
        "def collect(context):\n    yield depth(3)",
        "async def collect(context):\n    await asyncio.sleep(0)\n    return [depth(3)]",
    ],
)
def test_a_function_a_generator_and_a_coroutine_function_can_collect(
    tmp_path: Path, collect: str
) -> None:
    body = f"{collect}\nsys.exit(export('queue-exporter', 'Q.', 9300, collect))"
    with exporting(tmp_path, body) as queue:
        assert queue.scrape().value("queue_depth") == 3


SETTINGS = """
@dataclass(frozen=True, slots=True)
class QueueSettings:
    folder: str = setting("queue.folder", PATH, "A folder of mails.", default="/")

def collect(context):
    context.log.info("collecting", folder=context.values[QueueSettings].folder)
    return [depth(len(os.listdir(context.values[QueueSettings].folder)))]

sys.exit(export(
    "queue-exporter", "Q.", 9300, collect, settings=(QueueSettings,), version="4.5.6"
))
"""


def test_settings_of_its_own_come_with_the_context(tmp_path: Path) -> None:
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue" / "1").touch()
    with exporting(tmp_path, SETTINGS, f"--queue.folder={tmp_path}/queue") as queue:
        assert queue.scrape().value("queue_depth") == 1
        queue.wait_for_log(f"msg=collecting folder={tmp_path}/queue")


def test_its_own_version_is_told(tmp_path: Path) -> None:
    said = subprocess.run(
        [*program(tmp_path, SETTINGS), "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout == "queue-exporter 4.5.6\n"
    with exporting(tmp_path, SETTINGS) as queue:
        labels = queue.scrape().labels("queue_exporter_build_info")
        assert [each["version"] for each in labels] == ["4.5.6"]


BROKEN = """
def collect(context):
    raise LookupError("there is no queue 'in'")

sys.exit(export("queue-exporter", "Q.", 9300, collect))
"""


def test_an_error_is_500_and_one_line_that_says_what_and_where(tmp_path: Path) -> None:
    with exporting(tmp_path, BROKEN) as queue:
        answer = queue.get("/metrics")
        assert answer.status == 500
        assert "queue 'in'" not in answer.text
        queue.wait_for_log("level=error")
        line = next(line for line in queue.log.splitlines() if "level=error" in line)
        assert "error=LookupError cause=\"there is no queue 'in'\"" in line
        number = (
            (HEAD + BROKEN).splitlines().index("    raise LookupError(\"there is no queue 'in'\")")
        )
        assert f'where="{tmp_path}/queue_exporter.py:{number + 1} in collect"' in line
        assert "Traceback" not in queue.log
        assert queue.get("/-/healthy").status == 200


def test_an_error_has_its_traceback_at_debug(tmp_path: Path) -> None:
    with exporting(tmp_path, BROKEN, "--log.level=debug") as queue:
        assert queue.get("/metrics").status == 500
        assert "Traceback (most recent call last)" in queue.wait_for_log("(?s).*traceback.*")[0]


def test_a_function_that_blocks_does_not_hold_up_the_health(tmp_path: Path) -> None:
    release = tmp_path / "release"
    body = f"""
def collect(context):
    context.log.info("collecting")
    while not os.path.exists({str(release)!r}):
        time.sleep(0.01)
    return [depth(1)]
sys.exit(export("queue-exporter", "Q.", 9300, collect))
"""
    with exporting(tmp_path, body) as queue:
        scrapes: list[Scrape] = []
        scraping = threading.Thread(target=lambda: scrapes.append(queue.scrape()))
        scraping.start()
        queue.wait_for_log("msg=collecting")
        began = time.monotonic()
        assert queue.get("/-/healthy").status == 200
        assert time.monotonic() - began < 0.25
        release.touch()
        scraping.join()
        assert scrapes[0].value("queue_depth") == 1


def test_a_process_ends_in_time_though_a_collection_hangs(tmp_path: Path) -> None:
    body = """
def collect(context):
    context.log.info("collecting")
    time.sleep(600)
sys.exit(export("queue-exporter", "Q.", 9300, collect))
"""
    with exporting(tmp_path, body, "--drain.timeout=500ms") as queue:
        scraping = threading.Thread(target=_ask_in_vain, args=(queue,))
        scraping.start()
        queue.wait_for_log("msg=collecting")
        assert queue.stop() == 0
        scraping.join()


def _ask_in_vain(queue: Started) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        queue.get("/metrics")


@pytest.mark.parametrize("registry", ["CollectorRegistry()", "REGISTRY"])
def test_a_registry_that_is_there_already_is_exposed(tmp_path: Path, registry: str) -> None:
    body = f"""
registry = {registry}
sent = Counter("mails_sent", "Mails sent.", registry=registry)
took = Histogram("mail_seconds", "Time.", ["queue"], registry=registry)
sent.inc(3)
took.labels(queue="in").observe(0.2)
sys.exit(export("queue-exporter", "Q.", 9300, registry=registry))
"""
    with exporting(tmp_path, body) as queue:
        text = queue.get("/metrics").text
        scrape = Scrape.parse(text)
        assert scrape.value("mails_sent_total") == 3
        assert scrape.value("mail_seconds_count", queue="in") == 1
        assert text.count("# HELP process_cpu_seconds_total") == 1
        checked = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "second HELP" not in checked.stderr


def test_collect_is_given_the_registry_to_count_in(tmp_path: Path) -> None:
    body = """
registry = CollectorRegistry()
scrapes = Counter("collections", "Collections.", registry=registry)
async def collect(context):
    assert context.registry is registry
    scrapes.inc()
    return [depth(1)]
sys.exit(export("queue-exporter", "Q.", 9300, collect, registry=registry))
"""
    with exporting(tmp_path, body) as queue:
        for _ in range(3):
            queue.scrape()
        scrape = queue.scrape()
        assert scrape.value("collections_total") == 4
        assert scrape.value("queue_depth") == 1


ROUTES = """
async def hello(request):
    return web.Response(text="hello")

def collect(context):
    return [depth(3)]
"""


def test_routes_of_its_own_are_answered_beside(tmp_path: Path) -> None:
    body = ROUTES + "sys.exit(export('q', 'Q.', 9300, collect, routes=[web.get('/hello', hello)]))"
    with exporting(tmp_path, body) as queue:
        assert queue.get("/hello").text == "hello"
        assert queue.scrape().value("queue_depth") == 3


def test_an_application_keeps_its_own_page_and_sub_applications(tmp_path: Path) -> None:
    body = (
        ROUTES
        + """
site, below = web.Application(), web.Application()
site.router.add_get("/", hello)
below.router.add_get("/x", hello)
site.add_subapp("/below", below)
sys.exit(export("q", "Q.", 9300, collect, routes=site))
"""
    )
    with exporting(tmp_path, body) as queue:
        assert queue.get("/").text == "hello"
        assert queue.get("/below/x").text == "hello"
        assert queue.scrape().value("queue_depth") == 3
        assert queue.get("/-/ready").status == 200


def test_the_landing_page_shows_the_values_as_a_table(tmp_path: Path) -> None:
    body = ROUTES + "sys.exit(export('queue-exporter', 'Measures queues.', 9300, collect))"
    with exporting(tmp_path, body) as queue:
        page = queue.get("/").text
        assert "<td>queue_depth</td><td>3</td><td>Mails that wait.</td>" in page
        assert "<td>process_resident_memory_bytes</td>" in page
        assert "Measures queues." in page
