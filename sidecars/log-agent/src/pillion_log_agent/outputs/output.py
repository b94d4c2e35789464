"""What an output is to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client import Metric

    from pillion.log import Logger
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class OutputContext:
    """What an output is built from, beside its properties.

    Attributes:
        name: in metrics and the log.
        log: its logger.
        wall_ns: the system's clock, nanoseconds since 1970.
        in_flight_bytes: how much the input that may have the least can have on its way.
    """

    name: str
    log: Logger
    wall_ns: Callable[[], int]
    in_flight_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that is refused for good.

    Attributes:
        batch: which of the batches that were written, by its number.
        index: which record of it.
        reason: one word of a bounded set.
        detail: the other side's words.
    """

    batch: int
    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of batches that were written; what is not mentioned was taken.

    Attributes:
        rejected: refused for good.
        again: records to send again, as batch number and index.
        after: seconds to wait first, where the other side said so.
        cause: why, in its words.
    """

    rejected: Sequence[Rejection] = ()
    again: Sequence[tuple[int, int]] = ()
    after: float | None = None
    cause: str = ""


TAKEN = Outcome()


@runtime_checkable
class SyncedOutput(Protocol):
    """An output whose records are in files of this node: safe only once they are synced."""

    def sync(self) -> None:
        """Have all that was written on disk; raises OSError."""
        ...


@runtime_checkable
class GatheringOutput(Protocol):
    """An output that writes much at once, and waits for it longer than the flush interval."""

    @property
    def gather_bytes(self) -> int:
        """How much goes into one write at most, as it was read."""
        ...

    @property
    def gather_seconds(self) -> float:
        """How long records wait for more."""
        ...


@runtime_checkable
class ServingOutput(Protocol):
    """An output that takes no records, and serves the metrics of the filters instead."""

    async def serve(self, collect: Callable[[], Iterable[Metric]]) -> None:
        """Begin to answer; raises ConfigurationError."""
        ...


class Output(Protocol):
    """Where records go."""

    @property
    def delay(self) -> bool:
        """Whether it is better to wait for more records, up to the flush interval."""
        ...

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Write batches, in order.

        Raises:
            TransientError: none of them is known to be taken; all are to be sent again.
        """
        ...

    async def close(self) -> None:
        """Let everything go."""
        ...
