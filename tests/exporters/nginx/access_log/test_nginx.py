"""The access log of a real nginx: what is counted is what was sent."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from pillion.errors import ConfigurationError
from tests.docs.metric_tables import promised
from tests.exporters.nginx.serving import built, exporting
from tests.servers.nginx import nginx

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.testing import Scrape
    from tests.exporters.nginx.serving import Exporter
    from tests.servers.nginx import Nginx

TEXT = '$remote_addr "$request" $status $body_bytes_sent $request_length $request_time'
JSON = '{"method":"$request_method","status":"$status","ua":"$http_user_agent","t":$request_time}'
SERVER = """
log_format timed %(escape)s '%(format)s';
server {
    listen 127.0.0.1:{port};
    access_log %(where)s timed%(more)s;
    location /missing { return 404; }
    location / { return 200 "hello"; }
}
"""
COUNT = "nginx_http_response_count_total"
SENT = {("GET", "200"): 40, ("POST", "200"): 20, ("GET", "404"): 10, ("other", "400"): 5}


def blocks(where: str, text: str = TEXT, escape: str = "", more: str = "") -> str:
    return SERVER % {"format": text, "where": where, "escape": escape, "more": more}


async def load(server: Nginx) -> None:
    """Send what `SENT` says; the clients of the last kind speak no HTTP."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}", headers={"User-Agent": 'a "b\\" c'}
    ) as client:
        for _ in range(40):
            await client.get("/")
        for _ in range(20):
            await client.post("/", content=b"x")
        for _ in range(10):
            await client.get("/missing")
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as garbage:
            garbage.sendall(b"\x16\x03\x01\x02\x00\x01\x00\xff\xfe\x1b[2J\r\n\r\n")
            while garbage.recv(4096):
                pass


def found(scrape: Scrape) -> dict[tuple[str, str], float]:
    return {
        (labels["method"], labels["status"]): scrape.value(COUNT, **labels)
        for labels in scrape.labels(COUNT)
    }


async def counted(exporter: Exporter, total: int) -> Scrape:
    async with asyncio.timeout(15):
        while True:
            scrape = await exporter.scrape()
            if sum(found(scrape).values()) >= total:
                return scrape
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("buffered", ["", " buffer=4k flush=1s"])
@pytest.mark.parametrize(("text", "escape"), [(TEXT, ""), (JSON, "escape=json")])
async def test_a_file(tmp_path: Path, buffered: str, text: str, escape: str) -> None:
    log = tmp_path / "access.log"
    with nginx(tmp_path, blocks(str(log), text, escape, buffered)) as server:
        flags = (f"--nginx.access-log={log}", f"--nginx.log-format={text}")
        async with exporting(*flags, f"--state.dir={tmp_path}/state") as exporter:
            # The file is there and empty, and so it is counted from its beginning.
            await load(server)
            scrape = await counted(exporter, sum(SENT.values()))
    assert found(scrape) == SENT
    assert scrape.value("nginx_parse_errors_total") == 0
    name = "nginx_http_response_time_seconds_hist_count"
    assert scrape.value(name, method="GET", status="200") == 40


async def test_syslog(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with exporting(
        f"--nginx.access-syslog=:{port}", f"--nginx.log-format={TEXT}"
    ) as exporter:
        with nginx(tmp_path, blocks(f"syslog:server=127.0.0.1:{port}")) as server:
            await load(server)
            scrape = await counted(exporter, sum(SENT.values()))
    assert found(scrape) == SENT
    assert scrape.value("nginx_exporter_access_syslog_received_total") == sum(SENT.values())
    assert scrape.value("nginx_exporter_access_syslog_lost_total") == 0
    assert scrape.value("nginx_http_response_size_bytes", method="GET", status="200") == 200


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    async with exporting(
        f"--nginx.access-syslog=unix:{path}", f"--nginx.log-format={TEXT}"
    ) as exporter:
        with nginx(tmp_path, blocks(f"syslog:server=unix:{path},nohostname,tag=web")) as server:
            await load(server)
            scrape = await counted(exporter, sum(SENT.values()))
    assert found(scrape) == SENT
    assert not path.exists()


async def test_a_restart_counts_what_came_meanwhile_and_nothing_again(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    flags = (
        f"--nginx.access-log={log}",
        f"--nginx.log-format={TEXT}",
        f"--state.dir={tmp_path}/state",
    )
    with nginx(tmp_path, blocks(str(log))) as server:
        async with exporting(*flags) as exporter:
            await load(server)
            await counted(exporter, sum(SENT.values()))
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{server.port}/")
        log.rename(tmp_path / "access.log.1")
        log.touch()
        async with exporting(*flags) as exporter:
            scrape = await counted(exporter, 1)
    assert found(scrape) == {("GET", "200"): 1}


@pytest.mark.parametrize(("flag", "expected"), [((), 1), (("--nginx.access-log.from-head",), 2)])
async def test_without_a_checkpoint_it_begins_at_the_end_unless_told(
    tmp_path: Path, flag: tuple[str, ...], expected: int
) -> None:
    log = tmp_path / "access.log"
    line = '127.0.0.1 "GET / HTTP/1.1" 200 5 90 0.001\n'
    log.write_text(line)
    flags = (f"--nginx.access-log={log}", f"--nginx.log-format={TEXT}", *flag)
    async with exporting(*flags) as exporter:
        async with asyncio.timeout(10):
            while not (await exporter.scrape()).value("nginx_exporter_access_log_open_files"):
                await asyncio.sleep(0.01)
        with log.open("a") as more:
            more.write(line)
        scrape = await counted(exporter, expected)
    assert found(scrape) == {("GET", "200"): expected}


async def test_a_line_that_fits_nothing_is_counted_and_shown_once(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"\x1b[31mnonsense\n" * 3 + b'127.0.0.1 "GET / HTTP/1.1" 200 5 90 0.001\n')
    flags = (f"--nginx.access-log={log}", f"--nginx.log-format={TEXT}")
    async with exporting(*flags, "--nginx.access-log.from-head") as exporter:
        scrape = await counted(exporter, 1)
        assert scrape.value("nginx_parse_errors_total") == 3
        assert exporter.log.count("fit no format") == 1
        assert "\x1b" not in exporter.log
        page = (await exporter.client.get("/")).text
    assert "Lines that fit no format: 3; one: \\x1b[31mnonsense" in page
    assert "p99, last minutes" in page
    assert "<td>5 ms</td>" in page
    assert "2xx" in page


async def test_the_metrics_are_those_that_the_page_promises(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text('"GET / HTTP/1.1" 200 5 90 0.1 0.1 0.1\n')
    variables = "$request_length $request_time $upstream_response_time $upstream_connect_time"
    flags = (
        f"--nginx.access-log={log}",
        "--nginx.access-log.from-head",
        "--nginx.access-syslog=:0",
        f'--nginx.log-format="$request" $status $body_bytes_sent {variables}',
    )
    async with exporting(*flags) as exporter:
        scrape = await counted(exporter, 1)
    promises = promised("nginx-exporter.md", "The access log")
    own = ("nginx_http_", "nginx_parse_", "nginx_exporter_access_syslog_")
    assert {name: scrape.types[name] for name in promises} == {
        name: promise.kind for name, promise in promises.items()
    }
    assert {name for name in scrape.types if name.startswith(own)} <= {*promises}
    for name, promise in promises.items():
        series = f"{name}_count" if promise.kind == "histogram" else name
        assert all(set(labels) == promise.labels for labels in scrape.labels(series)), name


async def test_logs_and_formats_are_found_in_nginx_conf(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with nginx(tmp_path, blocks(str(log), JSON, "escape=json", " buffer=4k flush=1s")) as server:
        async with exporting(f"--nginx.config={tmp_path}/nginx.conf") as exporter:
            await load(server)
            scrape = await counted(exporter, sum(SENT.values()))
        assert "found an access log" in exporter.log
    assert found(scrape) == SENT
    assert scrape.value("nginx_parse_errors_total") == 0


async def test_a_log_in_json_is_counted_whatever_the_order_of_its_keys(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with nginx(tmp_path, blocks(str(log), JSON, "escape=json")) as server:
        flags = (f"--nginx.access-log={log}", "--nginx.log-format=json")
        async with exporting(*flags) as exporter:
            await load(server)
            scrape = await counted(exporter, sum(SENT.values()))
    assert found(scrape) == SENT


def test_a_configuration_without_access_logs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("http { access_log off; }")
    with pytest.raises(ConfigurationError, match="names no access log that can be counted"):
        built(f"--nginx.config={tmp_path}/nginx.conf")


async def test_a_request_id_is_an_exemplar_in_openmetrics(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    text = f"{TEXT} $request_id"
    with nginx(tmp_path, blocks(str(log), text)) as server:
        async with exporting(f"--nginx.access-log={log}", f"--nginx.log-format={text}") as exporter:
            await load(server)
            await counted(exporter, sum(SENT.values()))
            accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
            shown = (await exporter.client.get("/metrics", headers=accept)).text
    identifiers = re.findall(r'_hist_bucket\{.*\} \d+ # \{request_id="([0-9a-f]{32})"\} ', shown)
    assert identifiers
    assert set(identifiers) <= {line.split()[-1] for line in log.read_text().splitlines()}


async def test_the_names_of_ingress_nginx_are_there_for_its_dashboards(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        '10.0.0.1 - - [24/Nov/2026:15:27:44 +0000] "GET / HTTP/2.0" 200 45 "-" "curl" 90 0.030 '
        "[shop-web-80] [] 10.0.0.2:80, 10.0.0.3:80 0, 45 0.010, 0.015 502, 200 abc123\n"
    )
    flags = (
        f"--nginx.access-log={log}",
        "--nginx.access-log.from-head",
        "--nginx.log-format=upstreaminfo",
        "--nginx.access-log.names=ingress-nginx",
        "--prometheus.const-label=controller_class=nginx",
    )
    name = "nginx_ingress_controller_requests"
    async with exporting(*flags) as exporter:
        async with asyncio.timeout(15):
            while name not in (scrape := await exporter.scrape()).names():
                await asyncio.sleep(0.02)
    labels = {"method": "GET", "status": "200", "service": "shop-web-80", "namespace": ""}
    labels |= {"controller_class": "nginx", "ingress": "", "host": ""}
    assert scrape.value(name, **labels) == 1
    prefix = "nginx_ingress_controller_"
    assert scrape.value(f"{prefix}request_duration_seconds_sum", **labels) == 0.03
    assert scrape.value(f"{prefix}response_duration_seconds_sum", **labels) == 0.015
    assert scrape.value(f"{prefix}response_size_sum", **labels) == 45
    assert scrape.value(f"{prefix}request_size_count", **labels) == 1
