"""The installed command: what it answers to a wrong command line, a signal, a neighbour."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pillion.testing import Scrape, started
from tests.docs.metric_tables import Promised, promised
from tests.manifests import manifest_text
from tests.servers.nginx import STATUS, Nginx, nginx

COMMAND = str(Path(sys.executable).parent / "pillion-nginx-exporter")
LISTEN = "--web.listen-address=127.0.0.1:0"


def ended(*flags: str) -> tuple[int, str]:
    ran = subprocess.run([COMMAND, *flags], capture_output=True, text=True, timeout=20, check=False)
    assert ran.stdout == ""
    return ran.returncode, ran.stderr


@pytest.mark.parametrize(
    ("flags", "status", "sentence"),
    [
        (
            ["--nginx.scrape-url=http://a"],
            2,
            "unknown flag --nginx.scrape-url; did you mean --nginx.scrape-uri?",
        ),
        (
            ["--nginx.timeout=5parsecs"],
            2,
            "--nginx.timeout: '5parsecs' is not a duration; use a number and a unit, such as 5s, "
            "500ms or 1m30s",
        ),
        (["--nginx.timeout=0s"], 2, "--nginx.timeout: '0s' is zero; it must be more"),
        (["--nginx.scrape-uri=ftp://a"], 2, "--nginx.scrape-uri: 'ftp://a' "),
        (["--prometheus.const-label=a-b=c"], 2, "--prometheus.const-label: 'a-b=c' "),
        (["--web.listen-address=9113"], 2, "--web.listen-address: '9113' has no port"),
        (["--probe.allow=10.0.0.0/99"], 2, "--probe.allow: '10.0.0.0/99' "),
        (
            ["--nginx.scrape-uri=https://a/", "--nginx.ssl-ca-cert=/nowhere/ca.crt"],
            1,
            "--nginx.ssl-ca-cert",
        ),
        (
            ["--nginx.scrape-uri=https://a/", "--nginx.ssl-client-key=/nowhere/key"],
            1,
            "--nginx.ssl-client-",
        ),
        (["--settings.file=/nowhere/s.yml"], 1, "/nowhere/s.yml: cannot be read: No such file"),
    ],
)
def test_what_is_wrong_is_one_line_and_the_exit_status(
    flags: list[str], status: int, sentence: str
) -> None:
    code, text = ended(*flags)
    assert code == status, text
    assert text.startswith(f"pillion-nginx-exporter: {sentence}")
    assert text.count("\n") == 1


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = ended(f"--web.listen-address=127.0.0.1:{port}")
    assert code == 1
    assert re.fullmatch(rf"pillion-nginx-exporter: .*127\.0\.0\.1:{port}.*in use.*\n", text)


def test_the_metrics_are_those_that_the_page_promises(tmp_path: Path) -> None:
    with (
        nginx(tmp_path, f"server {{ listen 127.0.0.1:{{port}}; {STATUS} }}") as server,
        started([COMMAND, LISTEN, f"--nginx.scrape-uri={server.uri}"]) as exporter,
    ):
        up = exporter.scrape()
        server.stop()
        down = exporter.scrape()
    assert shown(up, down) == promised("nginx-exporter.md", "Metrics")


def shown(*scrapes: Scrape) -> dict[str, Promised]:
    """Return each family of some scrapes with its type and the labels that its series have."""
    found: dict[str, Promised] = {}
    for scrape in scrapes:
        for name, kind in scrape.types.items():
            labels = {key for one in scrape.labels(name) for key in one}
            before = found[name].labels if name in found else frozenset()
            found[name] = Promised(kind, before | labels)
    return found


def test_the_manifest_of_the_peer_runs_with_the_image_changed_alone(tmp_path: Path) -> None:
    pod = yaml.safe_load(manifest_text("todo-proxy-nginx-exporter.yaml"))
    (exporter,) = [
        container
        for container in pod["spec"]["template"]["spec"]["containers"]
        if container["name"] == "exporter"
    ]
    # In the pod nginx has port 80; here it has a free one. The rest is the manifest's.
    with nginx(tmp_path, f"server {{ listen 127.0.0.1:{{port}}; {STATUS} }}") as server:
        args = [part.replace("localhost", f"localhost:{server.port}") for part in exporter["args"]]
        with started([COMMAND, *args, LISTEN]) as running:
            assert running.scrape().value("nginx_up") == 1
    assert exporter["ports"][0]["containerPort"] == 9113
    assert exporter["args"] == ["-nginx.scrape-uri=http://localhost/stub_status"]


def test_nginx_may_come_late_go_and_come_back(tmp_path: Path) -> None:
    with nginx(tmp_path, f"server {{ listen 127.0.0.1:{{port}}; {STATUS} }}") as server:
        server.stop()
        with started([COMMAND, LISTEN, f"--nginx.scrape-uri={server.uri}"]) as exporter:
            assert values(exporter.scrape()) == (0, 1)
            assert exporter.get("/-/healthy").status == 200
            server.start()
            assert values(exporter.scrape()) == (1, 1)
            server.restart()
            assert values(exporter.scrape()) == (1, 1)
            server.stop()
            assert values(exporter.scrape()) == (0, 2)
            assert exporter.stop() == 0
    assert exporter.log.count("nginx cannot be scraped") == 2


def values(scrape: Scrape) -> tuple[float, float]:
    return (
        scrape.value("nginx_up"),
        scrape.value("nginx_exporter_scrape_errors_total", reason="refused"),
    )


def test_no_secret_of_a_uri_is_shown(tmp_path: Path) -> None:
    with (
        nginx(tmp_path, f"server {{ listen 127.0.0.1:{{port}}; {STATUS} }}") as server,
        started(
            [COMMAND, LISTEN, *(f"--nginx.scrape-uri={uri}" for uri in both(server))]
        ) as exporter,
    ):
        seen = exporter.get("/metrics").text + exporter.get("/").text
        server.stop()
        seen += exporter.get("/metrics").text
    assert "hunter2" not in seen + exporter.log
    assert "http://&lt;secret&gt;@" in seen
    assert "http://<secret>@" in seen


def both(server: Nginx) -> tuple[str, str]:
    return server.uri, server.uri.replace("http://", "http://user:hunter2@")
