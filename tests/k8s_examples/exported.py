"""The names of the metrics that our processes export, asked of them while they run."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pillion.testing import started
from tests.servers.certificates import Authority
from tests.servers.nginx import STATUS, nginx

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULES = "modules: {tls: {prober: http, http: {tls_config: {insecure_skip_verify: true}}}}"
_ANYWHERE = "--web.listen-address=127.0.0.1:0"


def program(component: str) -> str:
    """Return the path of a process's command in this environment."""
    return str(Path(sys.executable).parent / f"pillion-{component}")


def of_nginx_exporter(folder: Path) -> set[str]:
    """Return what it shows of stub_status and of an access log in the format of the examples."""
    text = (
        '$remote_addr "$request" $status $body_bytes_sent $request_length $request_time '
        "$upstream_response_time"
    )
    log = folder / "access.log"
    log.write_text('127.0.0.1 "GET / HTTP/1.1" 200 5 90 0.001 0.001\n')
    with nginx(folder, f"server {{ listen 127.0.0.1:{{port}}; {STATUS} }}") as server:
        flags = [f"--nginx.scrape-uri={server.uri}", _ANYWHERE, f"--nginx.access-log={log}"]
        flags += ["--nginx.access-log.from-head", f"--nginx.log-format={text}"]
        with started([program("nginx-exporter"), *flags]) as process:
            names = process.scrape().names()
            end = time.monotonic() + 20
            while "nginx_http_upstream_time_seconds_hist_bucket" not in names:
                assert time.monotonic() < end, "the access log is not counted"
                time.sleep(0.05)
                names = process.scrape().names()
            return names


def of_blackbox_exporter(folder: Path) -> set[str]:
    """Return what a probe over TLS and the exporter itself show."""
    pair = Authority(folder).issue("localhost")
    (folder / "blackbox.yml").write_text(_MODULES)
    block = (
        f"server {{ listen 127.0.0.1:{{port}} ssl; ssl_certificate {pair.certificate}; "
        f"ssl_certificate_key {pair.key}; }}"
    )
    with nginx(folder, block) as server:
        flags = [f"--config.file={folder}/blackbox.yml", _ANYWHERE]
        with started([program("blackbox-exporter"), *flags]) as process:
            probe = process.scrape(f"/probe?module=tls&target=https://127.0.0.1:{server.port}/")
            return probe.names() | process.scrape().names()


def of_log_streamer(folder: Path) -> set[str]:
    (folder / "app.log").write_text("a line\n")
    with started([program("log-streamer"), _ANYWHERE, f"{folder}/app.log"]) as process:
        return process.scrape().names()


def of_log_agent(folder: Path) -> set[str]:
    (folder / "app.log").write_text("a line\n")
    (folder / "agent.yaml").write_text(
        f"pipeline: {{inputs: [{{name: tail, path: {folder}/app.log}}], "
        "outputs: [{name: 'null', match: '*'}]}"
    )
    flags = ["-c", f"{folder}/agent.yaml", _ANYWHERE]
    with started([program("log-agent"), *flags]) as process:
        return process.scrape().names()


EXPORTED: dict[str, Callable[[Path], set[str]]] = {
    "nginx-exporter": of_nginx_exporter,
    "blackbox-exporter": of_blackbox_exporter,
    "log-streamer": of_log_streamer,
    "log-agent": of_log_agent,
}
