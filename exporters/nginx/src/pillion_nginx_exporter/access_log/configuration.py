"""What is counted, from where, and under which names; made of flags or of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_nginx_exporter.access_log.formats import FormatText
    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.names import Names
    from pillion_nginx_exporter.access_log.syslog_address import SyslogAddress


@dataclass(frozen=True, slots=True)
class AccessLogConfig:
    """Access logs that are counted together.

    Attributes:
        names: of the metrics.
        constant: labels on every series.
        labels: likewise, but on the count of lines that fit no format, as with the peer.
        paths: of files; globs.
        syslog: where to listen.
        formats: of the lines.
        rules: the other labels.
        buckets: upper bounds in seconds, ascending.
        series: the most combinations of labels.
        from_head: whether to begin at the head of a file that has no checkpoint.
        state_dir: where the checkpoint is; None for none.
        has_slowest_paths: whether the landing page shows paths.
        name: tells several of them apart; empty where there is one.
        tags: of syslog, that alone count; empty for all.
    """

    names: Names
    constant: Mapping[str, str]
    paths: tuple[str, ...]
    syslog: tuple[SyslogAddress, ...]
    formats: tuple[FormatText, ...]
    rules: tuple[LabelRule, ...]
    buckets: tuple[float, ...]
    series: int
    from_head: bool
    state_dir: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    has_slowest_paths: bool = True
    name: str = ""
    tags: tuple[str, ...] = ()
