"""Records of the inputs cpu and mem as metrics that are embedded in events. Pure.

Source: AWS's documentation, "Embedded metric format: specification"; fluent-bit makes metrics of
the same fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from pillion_log_agent.records.batch import Batch

_SAMPLED = re.compile(r"(cpu|mem)(\.\d+)?")
_MEASURED = re.compile(r"cpu_|user_p|system_p|Mem\.(total|used|free)|Swap\.(total|used|free)")
_MILLISECOND = 1_000_000


def is_sampled(name: str) -> bool:
    """Whether an input of that name samples the machine."""
    return _SAMPLED.fullmatch(name) is not None


def embedded(
    batch: Batch, namespace: str, dimensions: tuple[tuple[str, ...], ...]
) -> list[str | None]:
    """Return each record with what makes metrics of its fields."""
    unit = "Percent" if batch.origin.input.startswith("cpu") else "Bytes"
    found: list[str | None] = []
    for time, record in zip(batch.times.nanoseconds(), batch.decoded(), strict=True):
        measured = [{"Name": key, "Unit": unit} for key in record if _MEASURED.match(key)]
        directive = {"Namespace": namespace, "Dimensions": dimensions, "Metrics": measured}
        head = {"Timestamp": time // _MILLISECOND, "CloudWatchMetrics": [directive]}
        found.append(from_wire(json_of({"_aws": head, **record})).decode())
    return found
