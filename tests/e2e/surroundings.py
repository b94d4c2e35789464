"""What cannot be pulled here and is stood in for: cAdvisor, kube-state-metrics, a site over TLS.

The series are the ones that both projects document, with values that a test decides.
Sources: cadvisor, docs/storage/prometheus.md; kube-state-metrics, docs/metrics/workload/pod-metrics.md.
"""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.certificates import Pair

_MEBIBYTE = 2**20


@dataclass
class Surroundings:
    """What a test changes while they answer.

    Attributes:
        used: the working set of the nginx exporter in the shop, in bytes.
        slowness: seconds that the site takes for an answer.
    """

    used: int = 10 * _MEBIBYTE
    slowness: float = 0.0

    def cadvisor(self) -> str:
        name = 'container_label_io_kubernetes_container_name="nginx-exporter"'
        pod = (
            'container_label_io_kubernetes_pod_name="shop",'
            'container_label_io_kubernetes_pod_namespace="default"'
        )
        metric = "container_memory_working_set_bytes"
        return (
            f"# TYPE {metric} gauge\n"
            f'{metric}{{{name},{pod},id="/kubepods/a",image="pillion/nginx-exporter",name="a"}} {self.used}\n'
            f'{metric}{{{name.replace("nginx-exporter", "POD")},{pod},id="/kubepods/b",image="pause",name="b"}} 1\n'
            f'{metric}{{id="/",image="",name=""}} 8e9\n'
        )

    def kube_state_metrics(self) -> str:
        metric = "kube_pod_container_resource_limits"
        labels = 'namespace="default",pod="shop",uid="u",container="nginx-exporter",node="node-1"'
        return (
            f"# TYPE {metric} gauge\n"
            f'{metric}{{{labels},resource="memory",unit="byte"}} {32 * _MEBIBYTE}\n'
        )

    def site(self) -> str:
        time.sleep(self.slowness)
        return "hello\n"


CADVISOR, SITE = 8082, 8443


@contextmanager
def surroundings(address: str, pair: Pair) -> Iterator[Surroundings]:
    """Answer on an address: both exporters on the ports of their services, the site on 8443."""
    made = Surroundings()
    servers = [
        _server(address, CADVISOR, made.cadvisor),
        _server(address, 8080, made.kube_state_metrics),
        _server(address, 8081, lambda: "kube_state_metrics_build_info 1\n"),
        _server(address, SITE, made.site),
    ]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    servers[-1].socket = context.wrap_socket(servers[-1].socket, server_side=True)
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _server(address: str, port: int, text: Callable[[], str]) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            pass

    return http.server.ThreadingHTTPServer((address, port), Handler)
