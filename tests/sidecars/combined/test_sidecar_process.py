"""Real roles in one process: each answers on its own port, and all of them on one more."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from pillion.testing import Scrape
from pillion.testing.process import Started, started

if TYPE_CHECKING:
    from collections.abc import Iterator


AGENT = """
[INPUT]
  Name tail
  Path {folder}/app.log
  Read_from_Head on
[OUTPUT]
  Name file
  Match *
  Path {folder}
  File out.txt
"""
FOUR = """
nginx-exporter:
  nginx.scrape-uri: http://127.0.0.1:1/stub_status
  web.listen-address: 127.0.0.1:0
blackbox-exporter:
  web.listen-address: 127.0.0.1:0
log-streamer:
  paths: [{folder}/streamed.log]
  web.listen-address: 127.0.0.1:0
log-agent:
  config.file: {folder}/agent.conf
  web.listen-address: 127.0.0.1:0
"""
COMMAND = str(Path(sys.executable).with_name("pillion-sidecar"))
ROLES = ("nginx-exporter", "blackbox-exporter", "log-streamer", "log-agent")


@contextmanager
def sidecar(folder: Path, configuration: str) -> Iterator[Started]:
    (folder / "agent.conf").write_text(AGENT.format(folder=folder))
    (folder / "sidecar.yaml").write_text(configuration.format(folder=folder))
    command = (
        COMMAND,
        f"--config.file={folder}/sidecar.yaml",
        "--web.listen-address=127.0.0.1:0",
    )
    with started(command, within=60) as process:
        yield process


def address_of(process: Started, role: str) -> str:
    found = process.wait_for_log(rf"msg=listening role={role} address=(\S+)")
    return found[1]


def ask(address: str, path: str) -> tuple[int, str]:
    answer = httpx.get(f"http://{address}{path}", trust_env=False, timeout=60)
    return answer.status_code, answer.text


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("four")
    (folder / "app.log").write_text("shipped\n" * 3)
    (folder / "streamed.log").write_text("streamed\n" * 2)
    with sidecar(folder, FOUR) as process:
        for role in ROLES:
            address_of(process, role)
        yield process


@pytest.mark.parametrize(
    ("role", "metric"),
    [
        ("nginx-exporter", "nginx_up"),
        ("blackbox-exporter", "blackbox_exporter_probes_in_flight"),
        ("log-streamer", "log_streamer_read_lines_total"),
        ("log-agent", "pillion_log_agent_records_in_flight"),
    ],
)
def test_each_role_answers_on_its_own_port_with_its_metrics_alone(
    four: Started, role: str, metric: str
) -> None:
    status, text = ask(address_of(four, role), "/metrics")
    names = Scrape.parse(text).names()
    assert status == 200
    assert metric in names
    assert "pillion_sidecar_role_up" not in names


def test_all_metrics_are_on_one_page_each_series_once(four: Started) -> None:
    scrape = four.scrape()
    assert {role: scrape.value("pillion_sidecar_role_up", role=role) for role in ROLES} == dict.fromkeys(ROLES, 1.0)  # fmt: skip
    assert {"nginx_up", "log_streamer_read_lines_total"} <= scrape.names()
    series = [line.rpartition(" ")[0] for line in four.get("/metrics").text.splitlines()
              if line and not line.startswith("#")]  # fmt: skip
    assert len(series) == len(set(series))


def test_it_probes(four: Started) -> None:
    address = address_of(four, "blackbox-exporter")
    _, text = ask(address, f"/probe?module=http_2xx&target=http://{four.address}/-/healthy")
    assert Scrape.parse(text).value("probe_success") == 1


def test_the_page_shows_every_role_and_where_its_own_page_is(four: Started) -> None:
    page = four.get("/").text
    for role in ROLES:
        assert f"<td>{role}</td>" in page
        assert f":{address_of(four, role).rpartition(':')[2]}/" in page


def test_one_that_cannot_start_keeps_nobody_and_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configuration = (
            "nginx-exporter: {{web.listen-address: '127.0.0.1:0'}}\n"
            f"blackbox-exporter: {{{{web.listen-address: '127.0.0.1:{port}'}}}}\n"
        )
        with sidecar(tmp_path, configuration) as process:
            process.wait_for_log("the role has failed")
            assert ask(address_of(process, "nginx-exporter"), "/-/ready")[0] == 200
            ready = process.get("/-/ready")
            assert (ready.status, process.get("/-/healthy").status) == (503, 200)
            assert ready.text.startswith("not ready: blackbox-exporter: it has failed: ")
            taken.close()
            address_of(process, "blackbox-exporter")
            restarts = process.scrape().value(
                "pillion_sidecar_role_restarts_total", role="blackbox-exporter"
            )
            assert restarts >= 1
            assert process.stop() == 0


def test_one_with_a_wrong_configuration_keeps_nobody(tmp_path: Path) -> None:
    configuration = (
        "nginx-exporter: {{web.listen-address: '127.0.0.1:0'}}\n"
        "log-agent: {{config.file: {folder}/none.conf}}\n"
    )
    with sidecar(tmp_path, configuration) as process:
        process.wait_for_log(r"the role has failed.*none\.conf")
        assert ask(address_of(process, "nginx-exporter"), "/-/ready")[0] == 200


@pytest.mark.parametrize(
    ("configuration", "arguments", "sentence"),
    [
        ("log-agent: {{config.file: {folder}/none.conf}}", (), "log-agent: .*none.conf"),
        (
            "nginx-exporter:\nlog-agent: {{config.file: {folder}/none.conf}}",
            ("--config.check",),
            "log-agent: .*none.conf",
        ),
        ("{{}}", (), "no role is configured; name one in --config.file or by --role"),
        ("nginx: {{}}", (), "unknown role"),
    ],
)
def test_what_cannot_work_at_all_ends_with_a_sentence(
    tmp_path: Path, configuration: str, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "sidecar.yaml").write_text(configuration.format(folder=tmp_path))
    command = (COMMAND, f"--config.file={tmp_path}/sidecar.yaml", *arguments)
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in (1, 2)
    assert re.search(f"^pillion-sidecar: .*{sentence}", ran.stderr, re.MULTILINE)
    assert "Traceback" not in ran.stderr


def test_a_reload_names_the_role_that_keeps_its_old_configuration(tmp_path: Path) -> None:
    configuration = (
        "nginx-exporter: {{web.listen-address: '127.0.0.1:0'}}\n"
        "log-agent: {{config.file: {folder}/agent.conf, web.listen-address: '127.0.0.1:0'}}\n"
    )
    with sidecar(tmp_path, configuration) as process:
        address_of(process, "log-agent")
        process.wait_for_log("started")
        assert process.get("/-/reload", method="POST").status == 200
        (tmp_path / "agent.conf").write_text("[OUTPUT]\n  Name none\n")
        answer = process.get("/-/reload", method="POST")
        assert answer.status == 500
        assert answer.text.startswith("the old configuration stays: log-agent: ")


def test_what_is_written_until_the_end_is_shipped_and_streamed(tmp_path: Path) -> None:
    lines = "".join(f"line {number}\n" for number in range(20_000))
    with sidecar(tmp_path, FOUR) as process:
        for role in ROLES:
            address_of(process, role)
        (tmp_path / "app.log").write_text(lines)
        (tmp_path / "streamed.log").write_text(lines)
        assert process.stop() == 0
        assert "delivered=20000" in process.log
        assert f"delivered_bytes={len(lines)} " in process.log
    assert (tmp_path / "out.txt").read_text().count("line ") == 20_000


def test_a_role_that_comes_to_its_end_ends_the_process_as_its_own_would(tmp_path: Path) -> None:
    configuration = (
        "nginx-exporter: {{web.listen-address: '127.0.0.1:0'}}\n"
        "log-streamer: {{paths: [{folder}/streamed.log], exit.when-file: {folder}/done}}\n"
    )
    with sidecar(tmp_path, configuration) as process:
        address_of(process, "nginx-exporter")
        (tmp_path / "done").touch()
        assert process.wait() == 0
        assert 'msg="a role has come to its end" role=log-streamer' in process.log


def test_sighup_reloads_and_ends_nothing(tmp_path: Path) -> None:
    with sidecar(tmp_path, FOUR) as process:
        process.wait_for_log("msg=started")
        process.signal(signal.SIGHUP)
        process.wait_for_log(r'msg="the configuration was reloaded"(?! role)')
        assert process.get("/-/healthy").status == 200
