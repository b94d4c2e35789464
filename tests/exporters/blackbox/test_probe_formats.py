"""How `/probe` answers: as text, as OpenMetrics, and compressed, as each client asks."""

from __future__ import annotations

import gzip
import http.client
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pillion.web.compression import GZIP_FROM
from tests.exporters.blackbox.running import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.testing import Started

TEXT = "text/plain; version=0.0.4"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
# As Prometheus 3 asks.
ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


LARGE = f"""
modules:
  http_2xx: {{prober: http}}
  large:
    prober: tcp
    tcp:
      query_response:
        - send: "GET /-/healthy HTTP/1.0\\r\\n\\r\\n"
        - expect: ^HTTP
          labels: [{{name: long, value: {"x" * GZIP_FROM}}}]
"""


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with running(configuration=LARGE, folder=tmp_path_factory.mktemp("formats")) as started:
        yield started


def asked(
    exporter: Started, target: str = "/-/healthy", module: str = "http_2xx", **headers: str
) -> tuple[http.client.HTTPMessage, bytes]:
    """Probe the exporter itself, and return what came over the wire."""
    host, _, port = exporter.address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/probe?target={exporter.address}{target}&module={module}"
    connection.request("GET", path, headers=named)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200
    return response.headers, body


def test_who_asks_for_nothing_gets_text(exporter: Started) -> None:
    headers, body = asked(exporter)
    assert headers["Content-Type"].startswith(TEXT)
    assert headers["Content-Encoding"] is None
    assert b"\nprobe_success 1\n" in body
    assert b"# EOF" not in body


def test_prometheus_gets_open_metrics(exporter: Started) -> None:
    headers, body = asked(exporter, Accept=ACCEPT)
    assert headers["Content-Type"].startswith(OPEN_METRICS)
    families = {each.name: each for each in text_string_to_metric_families(body.decode())}
    assert families["probe_success"].samples[0].value == 1
    assert families["probe_http_duration_seconds"].type == "gauge"


@pytest.mark.parametrize("accept", [TEXT, ACCEPT])
def test_who_accepts_gzip_gets_it_where_it_is_worth_it(exporter: Started, accept: str) -> None:
    headers, body = asked(exporter, "", "large", Accept=accept, Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in headers["Vary"]
    assert b"\nprobe_success 1" in gzip.decompress(body)


def test_who_refuses_gzip_does_not(exporter: Started) -> None:
    headers, body = asked(exporter, "", "large", Accept_Encoding="gzip;q=0")
    assert headers["Content-Encoding"] is None
    assert len(body) > GZIP_FROM
