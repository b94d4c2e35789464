"""The blackbox exporter's part: it probes the demo's nginx, and a port where nobody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from demo.stage import Stage, fetch, free_port, wait_for
from pillion.testing import Scrape

if TYPE_CHECKING:
    from demo.nginx import NginxPart


class BlackboxPart:
    """`pillion-blackbox-exporter`, asked for three probes a look."""

    title = "blackbox exporter"

    def __init__(self, nginx: NginxPart) -> None:
        self.page = ""
        self._nginx = nginx
        self._nobody = ""

    def start(self, stage: Stage) -> None:
        """Start the exporter; nginx is there already."""
        port = free_port()
        self.page = f"http://127.0.0.1:{port}/"
        self._nobody = f"http://127.0.0.1:{free_port()}/"
        name = "pillion-blackbox-exporter"
        stage.run_ours(name, f"--web.listen-address=127.0.0.1:{port}", "--log.prober=error")
        wait_for(f"{self.page}-/healthy", stage.folder / f"{name}.log")

    def figures(self) -> list[str]:
        """Return what each probe found, and how long it took."""
        site = self._nginx.site
        return [
            self._probe("http_2xx", site),
            self._probe("tcp_connect", site.removeprefix("http://").rstrip("/")),
            self._probe("http_2xx", self._nobody),
        ]

    def _probe(self, module: str, target: str) -> str:
        text = fetch(f"{self.page}probe?{urlencode({'module': module, 'target': target})}")
        if not text:
            return f"{module:12} {target}  is not answered"
        scrape = Scrape.parse(text)
        milliseconds = scrape.value("probe_duration_seconds") * 1000
        if scrape.value("probe_success"):
            return f"{module:12} {target}  well, in {milliseconds:.1f} ms"
        (failure,) = scrape.labels("probe_failure_info")
        return f"{module:12} {target}  failed: {failure['reason']} in {failure['phase']}"
