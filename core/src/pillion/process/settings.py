"""The settings that every process has."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.log import FORMATS, LEVELS
from pillion.settings import ADDRESS, CHOICE, DURATION, PATH, Address, optional, repeated
from pillion.settings.declaration import setting, switch


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """Logging, the check of the configuration, and the drain."""

    log_level: str = setting(
        "log.level", CHOICE(*LEVELS), "The least level that is logged.", default="info"
    )
    log_format: str = setting(
        "log.format", CHOICE(*FORMATS), "How a log line is written.", default="logfmt"
    )
    config_check: bool = switch(
        "config.check", "Check all settings and files, say what is wrong, and end."
    )
    drain_timeout: float = setting(
        "drain.timeout",
        DURATION,
        "How long the work in hand may take to end after SIGTERM.",
        default=25.0,
    )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the process answers, and to whom."""

    listen_address: tuple[Address, ...] = repeated(
        "web.listen-address",
        ADDRESS,
        "An address to listen on: host:port, :port or [IPv6]:port; port 0 takes a free one.",
    )
    config_file: str | None = optional(
        "web.config.file",
        PATH,
        "A file with TLS, client certificates and users, in the format of Prometheus' "
        "exporter-toolkit.",
    )
    systemd_socket: bool = switch(
        "web.systemd-socket", "Listen on the sockets that systemd hands over instead."
    )
