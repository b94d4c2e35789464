"""The settings of the blackbox exporter: blackbox_exporter's flags, and a few of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pillion.log import LEVELS
from pillion.settings import CHOICE, COUNT, PATH, Kind, optional, repeated, setting, switch
from pillion.settings.kinds import parse_duration, show_duration
from pillion_blackbox_exporter.network.rules import RULE, Rule
from pillion_blackbox_exporter.service.external import EXTERNAL_URL, ROUTE_PREFIX

if TYPE_CHECKING:
    from pillion.settings import Values


def _parse_seconds(text: str) -> float:
    """Return seconds, written as a number, as the peer has it, or as a duration."""
    try:
        seconds = float(text)
    except ValueError:
        return parse_duration(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError("is not a number of seconds; write 0 or more, such as 0.5 or 30s")
    return seconds


def _parse_interval(text: str) -> float:
    seconds = _parse_seconds(text)
    if seconds <= 0:
        raise ValueError("is not an interval; write more than 0, such as 30 or 30s")
    return seconds


def _parse_positive(text: str) -> int:
    count = COUNT.parse(text)
    if count < 1:
        raise ValueError("is too few; write 1 or more")
    return count


SECONDS: Kind[float] = Kind("SECONDS", _parse_seconds, lambda value: f"{value:g}")
INTERVAL: Kind[float] = Kind("SECONDS", _parse_interval, show_duration)
POSITIVE: Kind[int] = Kind("COUNT", _parse_positive)


@dataclass(frozen=True, slots=True)
class BlackboxSettings:
    """The configuration file, probes, history and links."""

    config_file: str | None = optional(
        "config.file",
        PATH,
        "The configuration. Where none is named: blackbox.yml in the working directory, else "
        "/etc/blackbox_exporter/config.yml, else the built-in modules.",
    )
    enable_auto_reload: bool = switch(
        "config.enable-auto-reload", "Reload by itself when the content of the file has changed."
    )
    auto_reload_interval: float = setting(
        "config.auto-reload-interval",
        INTERVAL,
        "How often the file is looked at for --config.enable-auto-reload, in seconds.",
        default=30.0,
    )
    timeout_offset: float = setting(
        "timeout-offset",
        SECONDS,
        "Seconds by which a probe ends before Prometheus' scrape timeout.",
        default=0.5,
    )
    log_prober: str = setting(
        "log.prober",
        CHOICE(*LEVELS),
        "The least level at which lines about single probes are logged.",
        default="info",
    )
    history_limit: int = setting(
        "history.limit",
        COUNT,
        "How many probes are kept to be looked at, and how many failed ones beside them.",
        default=100,
    )
    debug_tasks: bool = switch(
        "debug.tasks",
        "Serve /debug/tasks: where every task and thread stands at the moment, in place of the "
        "peer's /debug/pprof.",
    )
    external_url: str = setting(
        "web.external-url",
        EXTERNAL_URL,
        "The URL under which the exporter is reached from outside, behind a reverse proxy. Its "
        "path is what every path begins with, unless --web.route-prefix says otherwise.",
        default="",
    )
    route_prefix: str = setting(
        "web.route-prefix",
        ROUTE_PREFIX,
        "What every path begins with; the path of --web.external-url when it is not set.",
        default="",
    )


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How many probes there may be, and of what."""

    concurrency: int = setting(
        "probe.concurrency",
        POSITIVE,
        "How many probes may be under way; further ones wait, and are answered with 503 when "
        "half of their time has passed.",
        default=500,
    )
    allow: tuple[Rule, ...] = repeated(
        "probe.allow",
        RULE,
        "What may be probed, and then nothing else: [scheme://]host[:port], where the host is a "
        "name, *.name, an address, a network such as 10.0.0.0/8, or *. In the variable, one a "
        "line.",
    )
    deny: tuple[Rule, ...] = repeated(
        "probe.deny",
        RULE,
        "What may not be probed, written as for --probe.allow; it comes before it.",
    )
    deny_metadata: bool = switch(
        "probe.deny-metadata",
        "Refuse link-local addresses and those at which clouds serve credentials.",
    )


def route_prefix(values: Values) -> str:
    """Return what every path begins with: nothing, or `/blackbox`."""
    settings = values[BlackboxSettings]
    prefix = settings.route_prefix or urlsplit(settings.external_url).path
    return "/" + prefix.strip("/") if prefix.strip("/") else ""
