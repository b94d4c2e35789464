"""A configuration of the peer as what is counted here."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import yaml

from pillion.configuration.convert import convert
from pillion_nginx_exporter.access_log.configuration import AccessLogConfig
from pillion_nginx_exporter.access_log.formats import MAIN, FormatText
from pillion_nginx_exporter.access_log.names import nginxlog_names
from pillion_nginx_exporter.access_log.readers import JSON, check_format
from pillion_nginx_exporter.access_log.syslog_address import parse_syslog_address
from pillion_nginx_exporter.access_log.totals import BUCKETS
from pillion_nginx_exporter.nginxlog_config.document import read_document
from pillion_nginx_exporter.nginxlog_config.relabel import rules_of
from pillion_nginx_exporter.nginxlog_config.schema import Configuration, Listen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion.configuration.document import Document
    from pillion_nginx_exporter.access_log.settings import AccessLogSettings
    from pillion_nginx_exporter.access_log.syslog_address import SyslogAddress
    from pillion_nginx_exporter.nginxlog_config.schema import Namespace


def read_listen(path: str) -> Listen | None:
    """Return where a file says that metrics are served; None where it does not.

    Raises:
        ConfigurationError: it cannot be used.
    """
    document = read_document(path)
    return convert(document, Configuration).listen if "listen" in document.data else None


def as_yaml(path: str) -> str:
    """Return a file in the YAML form.

    Raises:
        ConfigurationError: it cannot be used.
    """
    document = read_document(path)
    convert(document, Configuration)
    return yaml.safe_dump(document.data, sort_keys=False, allow_unicode=True)


def read_namespaces(
    path: str, settings: AccessLogSettings, constant: Mapping[str, str]
) -> tuple[AccessLogConfig, ...]:
    """Return the namespaces of a file; what it cannot say comes from the flags.

    Raises:
        ConfigurationError: with the file, the line and the key.
    """
    document = read_document(path)
    configuration = convert(document, Configuration)
    if not configuration.namespaces:
        raise document.error((), "has no namespaces")
    names = [namespace.name for namespace in configuration.namespaces]
    return tuple(
        _config(
            document,
            index,
            namespace,
            _folder(names, index),
            settings=settings,
            constant=constant,
        )
        for index, namespace in enumerate(configuration.namespaces)
    )


def _config(
    document: Document,
    index: int,
    namespace: Namespace,
    folder: str,
    *,
    settings: AccessLogSettings,
    constant: Mapping[str, str],
) -> AccessLogConfig:
    at = ("namespaces", index)
    files = namespace.source_files or namespace.source.files
    syslog = namespace.source.syslog
    if not files and syslog is None:
        raise document.error(at, "has no source")
    text = JSON if namespace.parser == JSON else namespace.format or MAIN
    try:
        check_format(text)
    except ValueError as error:
        raise document.error((*at, "format"), f"{text!r} {error}") from None
    try:
        rules = rules_of(namespace.relabel_configs)
    except ValueError as error:
        raise document.error((*at, "relabel_configs"), str(error)) from None
    label = {namespace.namespace_label: namespace.name} if namespace.namespace_label else {}
    state = settings.state_dir
    return AccessLogConfig(
        names=nginxlog_names(namespace.prefix),
        constant={**label, **constant},
        labels=namespace.labels,
        paths=tuple(files),
        syslog=() if syslog is None else (_address(document, at, syslog.listen_address),),
        formats=(FormatText(text),),
        rules=rules,
        buckets=tuple(sorted({*(namespace.histogram_buckets or BUCKETS)})),
        series=settings.series,
        from_head=settings.from_head,
        has_slowest_paths=settings.has_slowest_paths,
        state_dir=state and os.path.join(state, folder),  # noqa: PTH118
        name=folder,
        tags=() if syslog is None or "" in syslog.tags else tuple(syslog.tags),
    )


def _folder(names: list[str], index: int) -> str:
    """Return where a namespace keeps its positions, whatever stands before it in the file."""
    name = names[index]
    again = names[:index].count(name)
    return re.sub(r"\W", "_", name) + (f"-{again}" if again else "")


def _address(document: Document, at: tuple[str | int, ...], text: str) -> SyslogAddress:
    scheme, _, rest = text.partition("://")
    try:
        return parse_syslog_address(f"unix:{rest}" if scheme == "unix" else rest)
    except ValueError as error:
        raise document.error((*at, "source", "syslog"), f"{text!r} {error}") from None
