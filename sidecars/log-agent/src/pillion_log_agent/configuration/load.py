"""From a path to a configuration, or to all that is wrong with it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.classic import parse_classic
from pillion_log_agent.configuration.model import Configuration, build_model
from pillion_log_agent.configuration.reach import unreached
from pillion_log_agent.configuration.read import read_sources
from pillion_log_agent.configuration.section import Section
from pillion_log_agent.configuration.slow import slow_patterns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.configuration.section import Problems

MOUNTED = (
    "/fluent-bit/etc/fluent-bit.yaml",
    "/fluent-bit/etc/fluent-bit.conf",
    "/fluentd/etc/fluent.conf",
    "/etc/fluent/fluent.conf",
)
"""Where the manifests of fluent-bit's and fluentd's own images mount their configuration."""
DEFAULT = """\
[SERVICE]
    flush 1
[INPUT]
    name tail
    path /var/log/**/*.log
    tag *
    read_from_head on
[OUTPUT]
    name stdout
    match *
    format json_lines
"""


def default_path(named: str | None) -> str | None:
    """Return the file to read: the one that is named, one that is mounted, or None."""
    if named is not None:
        return named
    return next((path for path in MOUNTED if os.path.isfile(path)), None)


def load(path: str | None, environment: Mapping[str, str], problems: Problems) -> Configuration:
    """Return the configuration of a file; None is the default one.

    What is wrong is noted in `problems`, and the configuration is then of no use.
    """
    if path is None:
        items = parse_classic(DEFAULT, "the default configuration", problems)
        return build_model([item for item in items if isinstance(item, Section)], problems)
    sources = read_sources(path, environment, problems)
    configuration = build_model(sources.sections, problems)
    dropped = [] if problems.count else unreached(configuration)
    warnings = (*sources.warnings, *map(str, slow_patterns(configuration)), *dropped)
    return replace(configuration, files=tuple(sources.files), warnings=warnings)
