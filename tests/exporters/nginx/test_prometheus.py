"""Scraped by a real Prometheus, and asked through its API."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from pillion.testing import started
from tests.k8s_examples import queries
from tests.k8s_examples.examples import DASHBOARDS
from tests.needs import program
from tests.servers.nginx import STATUS, nginx
from tests.servers.prometheus import check_metrics, prometheus

ACCESS_LOG = re.compile(r"nginx_http_(?:response|request|upstream)_|nginx_parse_errors")
COMMAND = str(Path(sys.executable).parent / "pillion-nginx-exporter")
LISTEN = "--web.listen-address=127.0.0.1:0"
SERVER = f"server {{ listen 127.0.0.1:{{port}}; {STATUS} }}"

CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: nginx
    static_configs: [{{targets: ["{exporter}"]}}]
"""

# The peer fixes these names; promtool would have counters end in _total.
FIXED_BY_THE_PEER = ("nginx_connections_accepted", "nginx_connections_handled")


def test_prometheus_stores_every_series_under_the_name_that_the_peer_gives_it(
    tmp_path: Path,
) -> None:
    program("prometheus")
    with (
        nginx(tmp_path, SERVER) as server,
        started([COMMAND, LISTEN, f"--nginx.scrape-uri={server.uri}"]) as exporter,
        prometheus(tmp_path, CONFIGURATION.format(exporter=exporter.address)) as database,
    ):
        (up,) = database.wait_for('nginx_up{job="nginx"} == 1')
        assert up["metric"]["instance"] == exporter.address
        for name in (*FIXED_BY_THE_PEER, "nginx_http_requests_total", "nginx_connections_active"):
            (series,) = database.wait_for(name)
            assert float(series["value"][1]) >= 1
        assert database.query("nginx_connections_accepted_total") == []
        (family,) = database.metadata("nginx_connections_active")
        assert family["type"] == "gauge"
        # The requests that it counts are those scrapes, and so they grow.
        database.wait_for("rate(nginx_http_requests_total[2s]) > 0")


def test_prometheus_sees_nginx_go(tmp_path: Path) -> None:
    program("prometheus")
    with (
        nginx(tmp_path, SERVER) as server,
        started([COMMAND, LISTEN, f"--nginx.scrape-uri={server.uri}"]) as exporter,
        prometheus(tmp_path, CONFIGURATION.format(exporter=exporter.address)) as database,
    ):
        database.wait_for("nginx_up == 1")
        server.stop()
        database.wait_for("nginx_up == 0")
        assert database.query('up{job="nginx"} == 1')


def test_promtool_has_nothing_to_say_but_of_names_that_the_peer_fixes(tmp_path: Path) -> None:
    program("promtool")
    with (
        nginx(tmp_path, SERVER) as server,
        started([COMMAND, LISTEN, f"--nginx.scrape-uri={server.uri}"]) as exporter,
    ):
        exporter.scrape()
        complaints = check_metrics(exporter.get("/metrics").text)
    others = [line for line in complaints if not line.startswith(FIXED_BY_THE_PEER)]
    assert others == []
    assert len(complaints) == len(FIXED_BY_THE_PEER)


def test_every_panel_of_the_access_log_has_data(tmp_path: Path) -> None:
    program("prometheus")
    (dashboard,) = [path for path in DASHBOARDS if path.stem == "nginx-exporter"]
    wanted = [query for query in queries.of_dashboard(dashboard) if ACCESS_LOG.search(query)]
    log = tmp_path / "access.log"
    text = "$status $body_bytes_sent $request_length $request_time $upstream_response_time"
    flags = (f"--nginx.access-log={log}", f'--nginx.log-format="$request" {text}')
    with (
        started([COMMAND, LISTEN, *flags]) as exporter,
        prometheus(tmp_path, CONFIGURATION.format(exporter=exporter.address)) as database,
    ):
        end = time.monotonic() + 60
        while missing := [query for query in wanted if not database.query(query)]:
            assert time.monotonic() < end, missing
            with log.open("a") as more:
                more.write('"GET / HTTP/1.1" 200 5 90 0.002 0.001\nstray\n')
            time.sleep(0.2)  # a scrape
    assert len(wanted) > 10
