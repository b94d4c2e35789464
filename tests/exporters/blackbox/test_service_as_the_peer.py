"""Paths, headers and flags as people use them with blackbox_exporter."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

import pillion
from pillion.errors import UsageError
from pillion.settings import parse
from pillion_blackbox_exporter.command import COMMAND
from tests.exporters.blackbox.running import ask, running, scrape

if TYPE_CHECKING:
    from pathlib import Path

MODULES = """
modules:
  tcp: {prober: tcp, timeout: 3s}
  tls: {prober: tcp, timeout: 3s, tcp: {tls: true}}
  host: {prober: http, timeout: 3s}
  every: {prober: tcp, timeout: 3s, addresses: all}
"""
CLOSED = "127.0.0.1:1"


def test_a_probe_may_be_asked_for_by_post(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        answer = exporter.get(f"/probe?module=tcp&target={CLOSED}", method="POST")
    assert answer.status == 200
    assert "probe_success 0" in answer.text


@pytest.mark.parametrize("header", ["-1", "NaN", "inf", "-inf", "0", "-0", "1e400", "Infinity"])
def test_a_scrape_timeout_that_is_no_time_is_as_good_as_none(tmp_path: Path, header: str) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        found = scrape(exporter, CLOSED, "tcp", timeout=header)
    assert found.value("probe_timeout_seconds") == 3


def test_a_failed_probe_is_one_error_line_with_all_that_is_known(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        ask(exporter, CLOSED, "tcp")
        ask(exporter, "localhost:1", "every")
    lines = [line for line in exporter.log.splitlines() if "level=error" in line]
    assert len(lines) == 2
    assert "the probe failed" in lines[0]
    assert "reason=refused" in lines[0]
    assert "phase=connect" in lines[0]
    assert "error=" in lines[0]


def test_lines_of_probes_have_the_level_that_is_asked_for(tmp_path: Path) -> None:
    with running("--log.prober=DEBUG", configuration=MODULES, folder=tmp_path) as exporter:
        ask(exporter, CLOSED, "tcp")
    assert "the probe begins" in exporter.log
    assert exporter.log.count("level=error") == 1


def test_the_version_is_logged_at_start(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        assert ask(exporter, CLOSED, "tcp").status == 200
    assert f'msg=started version="pillion-blackbox-exporter {pillion.__version__}"' in exporter.log


def test_the_debug_page_shows_the_module_as_it_was_used(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        over_tls = ask(exporter, CLOSED, "tls", hostname="foo.example", debug="true").text
        over_http = ask(exporter, CLOSED, "host", hostname="foo.example", debug="true").text
    assert "server_name: foo.example" in over_tls
    assert "Host: foo.example" in over_http


def test_tasks_are_shown_where_that_is_asked_for_and_nowhere_else(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        assert exporter.get("/debug/tasks").status == 404
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        running("--debug.tasks", configuration=MODULES, folder=tmp_path) as exporter,
    ):
        port = silent.getsockname()[1]
        silent.settimeout(10)
        waiting = socket.create_connection(("127.0.0.1", int(exporter.address.rpartition(":")[2])))
        waiting.sendall(
            f"GET /probe?module=tls&target=127.0.0.1:{port} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        )
        accepted, _ = silent.accept()
        text = exporter.get("/debug/tasks").text
        waiting.close()
        accepted.close()
    assert "probers/tcp.py" in text
    assert "thread MainThread:" in text


def test_text_that_quotes_a_request_is_taken_for_no_page(tmp_path: Path) -> None:
    with running(configuration=MODULES, folder=tmp_path) as exporter:
        answers = [
            ask(exporter, "<script>", "tcp", debug="true"),
            ask(exporter, "a", "<script>"),
            exporter.get("/logs?target=<script>"),
            exporter.get("/<script>"),
            exporter.get("/config"),
            exporter.get("/metrics"),
            exporter.get("/"),
        ]
    assert [each.headers.get("x-content-type-options") for each in answers] == ["nosniff"] * 7


def test_flags_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "flags").write_text("# ours\n--log.level=debug\n\n  --history.limit\n7\n@more\n")
    (tmp_path / "more").write_text("--log.format=json\n")
    with running("@flags", configuration=MODULES, folder=tmp_path) as exporter:
        pass
    assert '"msg":"listening"' in exporter.log.replace(": ", ":")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("loop", "@loop", "@loop: the files name each other 8 levels deep"),
        ("missing", None, "@missing: cannot be read: No such file or directory"),
        ("large", "x" * 2_000_000, "@large: cannot be read: it is larger than 1 MiB"),
        ("wrong", "--log.levle=debug", "unknown flag --log.levle"),
    ],
)
def test_a_file_of_flags_that_is_wrong_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        parse(COMMAND, [f"@{name}"], {})
    assert str(caught.value).startswith(sentence)
