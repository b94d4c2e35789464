"""The command `pillion-nginx-exporter`."""

from __future__ import annotations

from pillion.process import ProcessSettings, WebSettings
from pillion.process.run import run
from pillion.settings import Address, Command, Override
from pillion_nginx_exporter.access_log.settings import AccessLogSettings
from pillion_nginx_exporter.exporter import NginxExporter
from pillion_nginx_exporter.former import FormerSettings
from pillion_nginx_exporter.settings import ExpositionSettings, NginxSettings

COMMAND = Command(
    "pillion-nginx-exporter",
    "Prometheus metrics of nginx from its stub_status page and its access log.",
    (
        NginxSettings,
        AccessLogSettings,
        ExpositionSettings,
        WebSettings,
        ProcessSettings,
        FormerSettings,
    ),
    {
        "web.listen-address": Override(default=(Address("", 9113),), env="LISTEN_ADDRESS"),
        "web.config.file": Override(env="CONFIG_FILE"),
        "web.systemd-socket": Override(env="SYSTEMD_SOCKET"),
    },
)


def main() -> int:
    """Run the exporter until it is told to stop; return the exit status."""
    return run(COMMAND, NginxExporter)
