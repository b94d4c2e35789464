"""What the flags ask to count, and the files that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_nginx_exporter.access_log.configuration import AccessLogConfig
from pillion_nginx_exporter.access_log.formats import FormatText, parse_format
from pillion_nginx_exporter.access_log.label_rules import OF_INGRESS, standard_rules
from pillion_nginx_exporter.access_log.names import ingress_names, nginxlog_names
from pillion_nginx_exporter.access_log.readers import JSON
from pillion_nginx_exporter.access_log.syslog_address import (
    SyslogAddress,
    parse_syslog_address,
)
from pillion_nginx_exporter.access_log.totals import LONG_BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion.log import Logger
    from pillion_nginx_exporter.access_log.settings import AccessLogSettings
    from pillion_nginx_exporter.nginx_config.access_logs import FoundLog

_USUAL = (FormatText("combined"), FormatText("main"))
_LOCAL = ("127.", "localhost", "[::1]", "unix:")


def from_settings(
    settings: AccessLogSettings, constant: Mapping[str, str], log: Logger
) -> tuple[AccessLogConfig, ...]:
    """Return what the flags ask for, and the files that they name.

    Raises:
        ConfigurationError: nginx.conf or the peer's configuration cannot be read, or names nothing
            that can be counted.
    """
    own = _from_flags(settings, constant, log)
    found = () if own is None else (own,)
    if settings.config_file is None:
        return found
    # msgspec and YAML, and only for such a file
    from pillion_nginx_exporter.nginxlog_config.load import read_namespaces  # noqa: PLC0415

    return (*found, *read_namespaces(settings.config_file, settings, constant))


def _from_flags(
    settings: AccessLogSettings, constant: Mapping[str, str], log: Logger
) -> AccessLogConfig | None:
    paths, syslog = settings.paths, settings.syslog
    formats = tuple(FormatText(text) for text in settings.formats)
    if settings.nginx_config is not None:
        found = _found(settings.nginx_config, log)
        if not (paths or syslog):
            paths = tuple(dict.fromkeys(one.path for one in found if one.path))
            syslog = _listened_on(found, log)
        formats = formats or _readable(found, log)
        if not (paths or syslog) or not formats:
            raise ConfigurationError(
                f"{settings.nginx_config}: names no access log that can be counted; give "
                "--nginx.access-log and --nginx.log-format"
            )
    if not (paths or syslog):
        return None
    is_ingress = settings.names == "ingress-nginx"
    long = LONG_BUCKETS if settings.has_long_buckets else ()
    return AccessLogConfig(
        names=ingress_names() if is_ingress else nginxlog_names(settings.namespace),
        constant=constant,
        paths=paths,
        syslog=syslog,
        formats=formats or _USUAL,
        rules=standard_rules((*settings.labels, *(OF_INGRESS if is_ingress else ()))),
        buckets=tuple(sorted({*settings.buckets, *long})),
        series=settings.series,
        from_head=settings.from_head,
        has_slowest_paths=settings.has_slowest_paths,
        state_dir=settings.state_dir,
    )


def _found(path: str, log: Logger) -> tuple[FoundLog, ...]:
    from pillion_nginx_exporter.nginx_config.files import read_access_logs  # noqa: PLC0415

    found = read_access_logs(path)
    for note in found.notes:
        log.warning(note, file=path)
    for one in found.logs:
        log.info(
            "found an access log",
            file=path,
            path=one.path or f"syslog:{one.syslog}",
            format=one.format.text,
        )
    return found.logs


def _listened_on(found: tuple[FoundLog, ...], log: Logger) -> tuple[SyslogAddress, ...]:
    addresses: dict[SyslogAddress, None] = {}
    for one in found:
        if not one.syslog:
            continue
        where = one.syslog.replace("localhost", "127.0.0.1", 1)
        # nginx sends to port 514 where it is told none.
        has_port = where.startswith("unix:") or where.rpartition("]")[2].count(":") == 1
        if not one.syslog.startswith(_LOCAL):
            log.warning("an access log is sent to another host", server=one.syslog)
            continue
        try:
            addresses[parse_syslog_address(where if has_port else f"{where}:514")] = None
        except ValueError as error:
            log.warning("an access log cannot be received", server=one.syslog, error=error)
    return tuple(addresses)


def _readable(found: tuple[FoundLog, ...], log: Logger) -> tuple[FormatText, ...]:
    formats: dict[FormatText, None] = {}
    for one in found:
        try:
            if one.format.text != JSON:
                parse_format(one.format.text, is_json=one.format.is_json)
            formats[one.format] = None
        except ValueError as error:
            log.warning("a log_format cannot be read", format=one.format.text, error=error)
    return tuple(formats)
