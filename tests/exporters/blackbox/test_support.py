"""A module that cannot work in this installation fails alone, and says why."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from pillion_blackbox_exporter.configuration.support import unsupported
from tests.exporters.blackbox.probed import module_of
from tests.exporters.blackbox.running import ask, running, scrape
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from pathlib import Path

HTTP3 = "enable_http3: true, enable_http2: false"
THROUGH_A_PROXY = f"{{prober: http, http: {{{HTTP3}, proxy_url: 'http://p:1'}}}}"


@pytest.mark.parametrize(
    ("module", "missing", "why"),
    [
        (f"prober: http\nhttp: {{{HTTP3}}}", "", ""),
        (f"prober: http\nhttp: {{{HTTP3}}}", "aioquic", "install pillion-blackbox-exporter[http3]"),
        (
            "prober: http\nhttp: {fail_if_body_json_matches_cel: 'body.a == 1'}",
            "cel_expr_python",
            "install pillion-blackbox-exporter[cel]",
        ),
        ("prober: http", "aioquic", ""),
        (
            f"prober: http\nhttp: {{{HTTP3}, proxy_url: 'http://p:1'}}",
            "",
            "enable_http3 does not go through a proxy",
        ),
    ],
)
def test_what_a_module_lacks_is_named(
    module: str, missing: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    found = unsupported(module_of(module))
    assert why in found
    assert bool(found) is bool(why)


async def test_the_others_work_and_its_probes_say_why(tmp_path: Path) -> None:
    async def serve(visit: Visit) -> None:
        await visit.read_request()
        await visit.write(response(b"ok"))

    configuration = f"modules:\n  good: {{prober: http}}\n  bad: {THROUGH_A_PROXY}\n"

    async with serving(serve) as port:
        with running(configuration=configuration, folder=tmp_path) as exporter:
            target = f"http://127.0.0.1:{port}/"
            good = await asyncio.to_thread(scrape, exporter, target, "good")
            bad = await asyncio.to_thread(scrape, exporter, target, "bad")
            page = await asyncio.to_thread(lambda: ask(exporter, target, "bad", debug="true").text)
            log = exporter.log
    assert good.value("probe_success") == 1
    assert bad.value("probe_success") == 0
    assert bad.value("probe_failure_info", phase="", reason="configuration") == 1
    assert "enable_http3 does not go through a proxy" in page
    assert 'msg="the module cannot work" module=bad' in log
