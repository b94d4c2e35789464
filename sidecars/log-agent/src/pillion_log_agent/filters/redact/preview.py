"""What the filter `redact` would touch in a file of samples; what it found is not shown."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.json_rows import decode_object
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from pillion_log_agent.filters.redact.filter import RedactFilter
    from pillion_log_agent.records.columns import Record

MOST_LINES = 100_000
MOST_SHOWN = 20
LONGEST_LINE = 1024 * 1024


def preview(redact: RedactFilter, path: str) -> list[str]:
    """Return lines that say what the filter does to a file of JSON objects, or of any text.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    records = _records(path)
    touched: list[str] = []
    lines = 0
    for number, record in enumerate(records, 1):
        before = sum(redact.replacement.counts.values())
        batch = Batch("sample", Origin("sample", path, ""), Timestamps([0]), records=[record])
        (after,) = redact.apply(batch).records()
        if sum(redact.replacement.counts.values()) > before:
            lines += 1
            if lines <= MOST_SHOWN:
                touched.append(f"    {path}:{number}: {from_wire(json_of(after)).decode()}")
    counts = {name: count for name, count in redact.replacement.counts.items() if count}
    found = ", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing"
    shown = [f"    {path}: {lines} of {len(records)} records; {found}", *touched]
    if lines > MOST_SHOWN:
        shown.append(f"    and {lines - MOST_SHOWN} more")
    return shown


def _records(path: str) -> list[Record]:
    try:
        with open(path, "rb") as file:
            lines = [line[:LONGEST_LINE] for line in islice(file, MOST_LINES)]
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    return [
        decode_object(line) or {"log": line.decode("utf-8", "replace").rstrip("\r\n")}
        for line in lines
    ]
