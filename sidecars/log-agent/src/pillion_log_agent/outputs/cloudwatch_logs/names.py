"""Which log group and stream a record goes to. Pure.

Source: fluent-bit's manual, "Amazon CloudWatch"; for `$(field)`, that of the plugin in Go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_log_agent.outputs.cloudwatch_logs.properties import GoCloudWatchProperties
from pillion_log_agent.records.accessor import parse_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.cloudwatch_logs.properties import CloudWatchLogsProperties
    from pillion_log_agent.records.accessor import Template
    from pillion_log_agent.records.batch import Batch

LONGEST_NAME = 512
_GO_FIELD = re.compile(r"\$\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Stream:
    """A log stream in a log group."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """How log groups and streams are named; raises ValueError, when it is made, with a sentence."""

    group: str
    group_template: Template | None
    name: str | None
    prefix: str
    name_template: Template | None

    @classmethod
    def of(cls, properties: CloudWatchLogsProperties) -> Names:
        """Return the names that properties ask for."""
        name, prefix = properties.log_stream_name, properties.log_stream_prefix
        if (name is None) == (prefix is None):
            raise ValueError("log_stream_name or log_stream_prefix is needed, and not both")
        if isinstance(properties, GoCloudWatchProperties):
            return cls._of_go(properties, prefix)
        group, stream = properties.log_group_template, properties.log_stream_template
        return cls(
            properties.log_group_name,
            None if group is None else parse_template(group, needs_all=True),
            name,
            prefix or "",
            None if stream is None else parse_template(stream, needs_all=True),
        )

    @classmethod
    def _of_go(cls, properties: GoCloudWatchProperties, prefix: str | None) -> Names:
        group, name = properties.log_group_name, properties.log_stream_name
        group_template = _go_template(group)
        name_template = None if name is None else _go_template(name)
        return cls(
            group if group_template is None else properties.default_log_group_name,
            group_template,
            name if name_template is None else properties.default_log_stream_name,
            prefix or "",
            name_template,
        )

    def streams(self, batch: Batch) -> dict[Stream, Sequence[int]]:
        """Return which records of a batch go to which stream."""
        name = self.name if self.name is not None else f"{self.prefix}{batch.tag}"
        usual = Stream(self.group, name)
        if self.group_template is None and self.name_template is None:
            return {usual: range(len(batch))}
        found: dict[Stream, list[int]] = {}
        groups = _column(self.group_template, batch, usual.group)
        names = _column(self.name_template, batch, usual.name)
        for index, pair in enumerate(zip(groups, names, strict=True)):
            found.setdefault(Stream(*pair), []).append(index)
        return dict(found)


def _column(template: Template | None, batch: Batch, otherwise: str) -> list[str]:
    if template is None:
        return [otherwise] * len(batch)
    return [text[:LONGEST_NAME] or otherwise for text in template.column(batch)]


def _go_template(text: str) -> Template | None:
    """Return the template of a text like `/eks/$(kubernetes['namespace_name'])-$(tag[0])`."""
    if "$(" not in text:
        return None
    if "$(uuid)" in text:
        raise ValueError("$(uuid) is not supported; write $(tag) or a field")
    return parse_template(_GO_FIELD.sub(_field_of_go, text), needs_all=True)


def _field_of_go(match: re.Match[str]) -> str:
    name = match[1]
    return f"$TAG{name[3:]}" if name == "tag" or name.startswith("tag[") else f"${name}"
