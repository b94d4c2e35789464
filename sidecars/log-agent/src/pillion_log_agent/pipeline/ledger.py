"""The ledger: what became of every record, as plain integers.

`read = delivered + filtered + rejected + dropped + in flight` holds at any moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


class InputFigures:
    """What one input has handed over."""

    __slots__ = ("bytes", "records")

    def __init__(self) -> None:
        self.records = 0
        self.bytes = 0


class OutputFigures:
    """What one output was given.

    Attributes:
        records: taken.
        bytes: taken, as they were read.
        rejected: refused for good.
        errors: writes that failed as a whole.
        retries: writes that were made again.
        retried: records in them.
        failed: batches that were tried as often as they may be.
    """

    __slots__ = ("bytes", "errors", "failed", "records", "rejected", "retried", "retries")

    def __init__(self) -> None:
        self.records = 0
        self.bytes = 0
        self.rejected = 0
        self.errors = 0
        self.retries = 0
        self.retried = 0
        self.failed = 0


class Ledger:
    """The account of the whole pipeline, over reloads.

    Attributes:
        read: records that inputs have handed over or dropped.
        in_flight: read, and not accounted for otherwise yet.
        delivered: taken by every output that they were routed to.
        filtered: taken out by a filter, by its name.
        rejected: refused for good by an output and put aside, by reason.
        dropped: gone no further, by reason: `no_output`, `long_line`, `ignore_older_records`,
            and `reload` for what a reload has cut off and reads again.
        inputs: figures by the input's name.
        outputs: figures by the output's name.
        joined: records that were made of several lines, by who did and what ended them.
    """

    __slots__ = (
        "delivered",
        "dropped",
        "filtered",
        "in_flight",
        "inputs",
        "joined",
        "outputs",
        "read",
        "rejected",
    )

    def __init__(self) -> None:
        self.read = 0
        self.in_flight = 0
        self.delivered = 0
        self.filtered: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.inputs: defaultdict[str, InputFigures] = defaultdict(InputFigures)
        self.outputs: defaultdict[str, OutputFigures] = defaultdict(OutputFigures)
        self.joined: Counter[tuple[str, str]] = Counter()

    def take(self, records: int) -> None:
        """Note records that were read."""
        self.read += records
        self.in_flight += records

    def filter(self, records: int, name: str) -> None:
        """Note records in flight that a filter has taken out."""
        self.filtered[name] += records
        self.in_flight -= records

    def change(self, records: int, name: str) -> None:
        """Note how many records more or fewer a filter has made of a batch in flight."""
        if records > 0:
            self.take(records)
        elif records < 0:
            self.filter(-records, name)

    def drop(self, records: int, reason: str) -> None:
        """Note records in flight that go no further."""
        self.dropped[reason] += records
        self.in_flight -= records

    def settle(self, records: int, rejected: Collection[str]) -> None:
        """Note records in flight that every output is done with, and why some were refused."""
        self.delivered += records - len(rejected)
        self.rejected.update(rejected)
        self.in_flight -= records

    def note_joined(self, name: str, count: int, end: str) -> None:
        """Count records of several lines that an input or a filter has joined."""
        if count:
            self.joined[name, end] += count

    @property
    def bytes_moved(self) -> int:
        """What all inputs have handed over and all outputs have taken."""
        read = sum(figures.bytes for figures in self.inputs.values())
        return read + sum(figures.bytes for figures in self.outputs.values())

    def summary(self) -> dict[str, int]:
        """Return the figures of the line at exit."""
        return {
            "read": self.read,
            "delivered": self.delivered,
            "filtered": self.filtered.total(),
            "rejected": self.rejected.total(),
            "dropped": self.dropped.total(),
            "in_flight": self.in_flight,
        }
