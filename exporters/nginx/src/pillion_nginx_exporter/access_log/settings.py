"""The settings of the access log."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pillion.settings import (
    CHOICE,
    COUNT,
    DURATION,
    PATH,
    Kind,
    optional,
    repeated,
    setting,
    switch,
)
from pillion.settings.kinds import positive
from pillion_nginx_exporter.access_log.columns import CHOICES
from pillion_nginx_exporter.access_log.readers import check_format
from pillion_nginx_exporter.access_log.syslog_address import SYSLOG_ADDRESS, SyslogAddress
from pillion_nginx_exporter.access_log.totals import BUCKETS


def _parse_log_format(text: str) -> str:
    check_format(text)
    return text


def _parse_namespace(text: str) -> str:
    if text and not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", text):
        raise ValueError("is not a namespace; write letters, digits and _, no digit first")
    return text


LOG_FORMAT: Kind[str] = Kind("FORMAT", _parse_log_format)
NAMESPACE: Kind[str] = Kind("NAME", _parse_namespace)


@dataclass(frozen=True, slots=True)
class AccessLogSettings:
    """What is counted of nginx' access log."""

    paths: tuple[str, ...] = repeated(
        "nginx.access-log",
        PATH,
        "A path or glob of access logs to count. Rotation is followed.",
    )
    syslog: tuple[SyslogAddress, ...] = repeated(
        "nginx.access-syslog",
        SYSLOG_ADDRESS,
        "Where to receive access logs as syslog: host:port (UDP; a port alone is on loopback) or "
        "unix:/path.",
    )
    formats: tuple[str, ...] = repeated(
        "nginx.log-format",
        LOG_FORMAT,
        "combined, main, upstreaminfo (ingress-nginx), json (objects with the names of nginx' "
        "variables as keys), or the text of a log_format. Of several, each line is counted under "
        "the one that fits it. Without it: those of --nginx.config, else combined and main.",
    )
    nginx_config: str | None = optional(
        "nginx.config",
        PATH,
        "nginx' own configuration, to find the access logs and their formats in; flags that name "
        "either come first.",
    )
    config_file: str | None = optional(
        "config-file",
        PATH,
        "A configuration of prometheus-nginxlog-exporter, .yaml or .hcl: its namespaces are "
        "counted, and it listens where that says unless --web.listen-address is given.",
    )
    config_convert: bool = switch(
        "config.convert", "Print the file of --config-file in the YAML form, and end."
    )
    labels: tuple[str, ...] = repeated(
        "nginx.access-log.label",
        CHOICE(*CHOICES),
        "A label beside method and status, of what the log_format has.",
    )
    series: int = setting(
        "nginx.access-log.series",
        COUNT,
        "The most combinations of labels; requests with further ones count under other.",
        default=1000,
    )
    buckets: tuple[float, ...] = repeated(
        "nginx.access-log.bucket",
        positive(DURATION),
        "An upper bound in the histograms of time.",
        default=BUCKETS,
    )
    has_long_buckets: bool = switch(
        "nginx.access-log.long-buckets",
        "Also count what takes up to 30 and 60 seconds in buckets of their own.",
    )
    has_slowest_paths: bool = switch(
        "nginx.access-log.slowest-paths",
        "Show the slowest paths of the last minute on the landing page, without their queries. "
        "Switch it off where paths are personal.",
        default=True,
    )
    namespace: str = setting(
        "nginx.access-log.namespace",
        NAMESPACE,
        "What the names of the metrics begin with.",
        default="nginx",
    )
    names: str = setting(
        "nginx.access-log.names",
        CHOICE("nginxlog", "ingress-nginx"),
        "What the metrics are called: as with prometheus-nginxlog-exporter, or as ingress-nginx' "
        "own, with host, namespace, ingress and service as labels, for its dashboards.",
        default="nginxlog",
    )
    from_head: bool = switch(
        "nginx.access-log.from-head",
        "Where there is no checkpoint, count a file that is there from its beginning.",
    )
    state_dir: str | None = optional(
        "state.dir",
        PATH,
        "A directory for the positions in access logs, so that a restart misses nothing.",
    )
