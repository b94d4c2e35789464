"""A password in a target is shown nowhere: no page, no log, no metric."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from pillion.errors import UsageError
from pillion.settings import parse
from pillion_blackbox_exporter.command import COMMAND
from tests.exporters.blackbox.running import ask, running

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2secret"
MODULES = """
modules:
  http: {prober: http}
  tcp: {prober: tcp}
  dns: {prober: dns, dns: {query_name: example.org}}
  grpc: {prober: grpc}
  icmp: {prober: icmp}
  unix: {prober: unix}
  websocket: {prober: websocket}
  every: {prober: tcp, addresses: all}
  oauth:
    prober: http
    http: {oauth2: {client_id: a, token_url: "http://127.0.0.1:1/t?client_secret=hunter2secret"}}
"""
TARGETS = [
    f"http://u:{SECRET}@127.0.0.1:1",
    f"http://u:a/{SECRET}@127.0.0.1:1",
    f"http://u:{SECRET}/b@127.0.0.1:1/x",
    f"http://u:a?{SECRET}@127.0.0.1:1",
    f"http://u:a#{SECRET}@127.0.0.1:1",
    f"http://u:{SECRET}@127.0.0.1:not-a-port",
    f"u:{SECRET}@127.0.0.1:1",
    f"http://127.0.0.1:1/?token={SECRET}",
    f"ws://u:{SECRET}@127.0.0.1:1",
    f"HTTP://u:{SECRET}%40@127.0.0.1:1/",
    f"http://u:{SECRET}\\'\"@127.0.0.1:1",
    f"ftp://u:{SECRET}@127.0.0.1:1/",
]


@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_way_out_shows_a_password_of_a_target(tmp_path: Path, level: str) -> None:
    modules = [line.split(":")[0].strip() for line in MODULES.splitlines() if "prober" in line]
    with running(f"--log.prober={level}", configuration=MODULES, folder=tmp_path) as exporter:
        seen = [exporter.get("/config").text]
        for module in [*(name for name in modules if name != "prober"), "oauth"]:
            for target in TARGETS:
                seen.append(ask(exporter, target, module, debug="true", timeout="2").text)
                seen.append(ask(exporter, target, module, timeout="2").text)
                seen.append(exporter.get(f"/logs?target={quote(target, safe='')}").text)
                seen.append(exporter.get(f"/logs?target=no{quote(target, safe='')}").text)
        seen += [exporter.get("/").text, exporter.get("/metrics").text]
        seen += [exporter.get(f"/logs?id={number}").text for number in range(20)]
    assert [line for text in seen for line in text.splitlines() if SECRET in line] == []
    assert [line for line in exporter.log.splitlines() if SECRET in line] == []
    assert "&lt;secret&gt;@127.0.0.1:1" in seen[-22]


def test_targets_of_two_passwords_are_told_apart_in_the_history(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        ask(exporter, "http://u:first-one@127.0.0.1:1/", "http")
        ask(exporter, "http://u:second@127.0.0.1:1/", "tcp")
        first = exporter.get("/logs?target=http://u:first-one@127.0.0.1:1/").text
        by_what_is_shown = exporter.get("/logs?target=http://<secret>@127.0.0.1:1/").text
    assert "prober: http" in first
    assert "prober: tcp" in by_what_is_shown


def test_a_flag_that_is_wrong_does_not_show_the_password_in_its_url() -> None:
    with pytest.raises(UsageError, match=r"--web.external-url: 'ftp://<secret>@h/' is not a URL"):
        parse(COMMAND, ["--web.external-url=ftp://u:hunter2secret@h/"], {})
