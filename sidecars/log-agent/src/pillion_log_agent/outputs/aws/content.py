"""What is sent of each record: the whole as JSON, or the value of one field. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_log_agent.records.json_rows import MISSING
from pillion_log_agent.records.wire import from_wire, interleaved, json_of

if TYPE_CHECKING:
    from pillion_log_agent.records.batch import Batch


def texts(batch: Batch, log_key: str | None) -> list[str | None]:
    """Return the text of each record; None where it has no such field."""
    if not len(batch):
        return []
    if log_key is None:
        joined = from_wire(interleaved("{", batch.rows(), "}\n")[:-1])
        return [*joined.decode("utf-8", "replace").split("\n")]
    (column,) = batch.values(log_key)
    return [None if value is MISSING else _text(value) for value in column]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else from_wire(json_of(value)).decode()
