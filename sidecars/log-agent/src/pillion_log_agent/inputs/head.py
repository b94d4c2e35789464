"""The input `head`: the first bytes or lines of a file, again and again.

Source: fluent-bit's manual, "Head".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PATH, SIZE, TEXT
from pillion_log_agent.inputs.sampled import IntervalProperties, SampledInput

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record

MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HeadProperties(IntervalProperties):
    """The properties of `head`."""

    file: str = setting("file", PATH, "The file.", default="")
    buf_size: int = setting("buf_size", SIZE, "The most bytes, 1 MiB at most.", default=256)
    lines: int = setting("lines", NUMBER, "So many lines; 0 for bytes.", default=0)
    split_line: bool = setting(
        "split_line", FLAG, "A field for each line: line0, line1 and so on.", default=False
    )
    key: str = setting("key", TEXT, "The field.", default="head")
    add_path: bool = setting("add_path", FLAG, "Add the path.", default=False)


def sample(properties: HeadProperties) -> list[Record]:
    """Return one record; raises OSError."""
    size = min(properties.buf_size, MOST_BYTES)
    with open(properties.file, "rb") as file:
        data = file.read(size)
    text = data.decode("utf-8", "replace")
    lines = text.splitlines()[: properties.lines or None]
    record: Record = {}
    if properties.split_line:
        record |= {f"line{number}": line for number, line in enumerate(lines)}
    elif properties.lines:
        record[properties.key] = "\n".join(lines)
    else:
        record[properties.key] = text.removesuffix("\n")
    if properties.add_path:
        record["path"] = properties.file
    return [record]


def _build(
    properties: HeadProperties, shared: InputProperties, context: InputContext
) -> SampledInput:
    return SampledInput(partial(sample, properties), properties.interval, shared, context)


HEAD = Declaration(
    name="head",
    summary="Reads the first bytes or lines of a file, again and again.",
    properties=HeadProperties,
    required=("file",),
    build=_build,
)
