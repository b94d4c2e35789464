"""The command `pillion-nginx-exporter`."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from pillion.errors import UsageError
from pillion.process import ProcessSettings, WebSettings
from pillion.process.launch import launch
from pillion.process.run import run
from pillion.settings import Address, Command, Override
from pillion_nginx_exporter.access_log.settings import AccessLogSettings
from pillion_nginx_exporter.exporter import NginxExporter
from pillion_nginx_exporter.former import FormerSettings
from pillion_nginx_exporter.settings import ExpositionSettings, NginxSettings

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.settings import Values

_RUN = -1
"""In place of an exit status: nothing was asked for but to run."""

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
    environment = dict(os.environ)
    is_asked = any(argument.lstrip("-").startswith("config") for argument in sys.argv[1:])
    if is_asked or "PILLION_CONFIG_FILE" in environment:
        status = launch(COMMAND, partial(_prepare, environment), environment=environment)
        if status != _RUN:
            return status
    return run(COMMAND, NginxExporter, environment=environment)


def _prepare(environment: dict[str, str], values: Values, _log: Logger) -> int:
    """Print what is asked for, or let the file of the peer say where to listen."""
    settings = values[AccessLogSettings]
    if settings.config_file is None:
        if settings.config_convert:
            raise UsageError("--config.convert needs --config-file, which it converts")
        return _RUN
    from pillion_nginx_exporter.nginxlog_config.load import as_yaml, read_listen  # noqa: PLC0415

    if settings.config_convert:
        print(as_yaml(settings.config_file), end="")  # noqa: T201  # what was asked for
        return 0
    listen = read_listen(settings.config_file)
    if listen is not None:
        # As variables, so that flags come first.
        host = f"[{listen.address}]" if ":" in listen.address else listen.address
        environment.setdefault("LISTEN_ADDRESS", f"{host}:{listen.port}")
        environment.setdefault("TELEMETRY_PATH", listen.metrics_endpoint or "/metrics")
    return _RUN
