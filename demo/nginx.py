"""The nginx exporter's part: nginx, some traffic, and the exporter beside it."""

from __future__ import annotations

import http.client
import math
import threading
import time
from contextlib import suppress

from demo.embedded_nginx import EmbeddedNginx
from demo.stage import Stage, fetch, free_port, program, wait_for
from pillion.testing import Scrape

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location = /stub_status {{ stub_status; }}
        location / {{ return 200 "hello\\n"; }}
    }}
}}
"""


class NginxPart:
    """nginx, its visitors, and `pillion-nginx-exporter`.

    Attributes:
        site: the address of nginx, once it is started.
    """

    title = "nginx exporter"

    def __init__(self) -> None:
        self.page = ""
        self.site = ""
        self._what = ""
        self._before: tuple[float, float] | None = None

    def start(self, stage: Stage) -> None:
        """Start nginx, or the embedded stand-in where there is none, and measure it."""
        port, own_port = free_port(), free_port()
        self._start_nginx(stage, port)
        self.site = f"http://127.0.0.1:{port}/"
        status = f"http://127.0.0.1:{port}/stub_status"
        wait_for(status, stage.folder / "nginx.log")
        self.page = f"http://127.0.0.1:{own_port}/"
        name = "pillion-nginx-exporter"
        stage.run_ours(name, f"--nginx.scrape-uri={status}", f"--web.listen-address=:{own_port}")
        wait_for(f"{self.page}-/healthy", stage.folder / f"{name}.log")
        stage.on_end(Traffic(port).stop)

    def figures(self) -> list[str]:
        """Return connections, and requests a second since the last look."""
        text = fetch(f"{self.page}metrics")
        if not text:
            return ["the exporter does not answer"]
        scrape = Scrape.parse(text)
        if not scrape.value("nginx_up"):
            return [f"{self._what} is down"]
        requests, now = scrape.value("nginx_http_requests_total"), time.monotonic()
        before, self._before = self._before, (requests, now)
        rate = (requests - before[0]) / (now - before[1]) if before else 0.0
        states = "  ".join(
            f"{state} {scrape.value(f'nginx_connections_{state}'):.0f}"
            for state in ("active", "reading", "writing", "waiting")
        )
        return [
            f"{self._what} is up",
            f"connections  {states}",
            f"requests     {requests:.0f} in all, {rate:.1f} a second",
        ]

    def _start_nginx(self, stage: Stage, port: int) -> None:
        nginx = program("nginx")
        if nginx is None:
            self._what = "a small embedded server (there is no nginx on this machine)"
            stage.on_end(EmbeddedNginx(port).stop)
            return
        self._what = "nginx"
        path = stage.folder / "nginx.conf"
        path.write_text(CONFIGURATION.format(folder=stage.folder, port=port))
        stage.run(nginx, "-c", str(path), "-p", str(stage.folder), "-e", "stderr")


class Traffic:
    """Visitors that come in waves, a few on each connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send the visitors home."""
        self._ended.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._ended.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
            # nginx may be gone for a moment, and that is a thing to see, not to die of.
            with suppress(OSError, http.client.HTTPException):
                self._requests(connection)
            connection.close()

    def _requests(self, connection: http.client.HTTPConnection) -> None:
        for _ in range(20):
            connection.request("GET", "/")
            connection.getresponse().read()
            wave = 1 + math.sin(time.monotonic() / 5)
            if self._ended.wait(0.1 / (1 + 4 * wave)):
                return
