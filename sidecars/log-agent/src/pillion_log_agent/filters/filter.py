"""What a filter is to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pillion.process.service import end_process
from pillion_log_agent.multiline.combine import MultilineContext

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from pillion.log import Logger
    from pillion_log_agent.multiline.records import Joined
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt


@dataclass(frozen=True, slots=True)
class FilterContext:
    """What a filter is built from, beside its properties.

    Attributes:
        name: in metrics and the log.
        log: its logger.
        parser: a parser by its name; raises ConfigurationError when there is none.
        wall_ns: the system's clock, nanoseconds since 1970.
        environment: of the process.
        joining: what joining records needs.
        end: ends the agent, in order.
    """

    name: str
    log: Logger
    parser: Callable[[str], Parser]
    wall_ns: Callable[[], int]
    environment: Mapping[str, str]
    joining: MultilineContext = field(default_factory=MultilineContext)
    end: Callable[[], None] = end_process


class Filter(Protocol):
    """Changes records, or takes some out."""

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the records that stay; it may be the same one, changed."""
        ...


@dataclass(frozen=True, slots=True)
class Retagged:
    """What a filter has made of a batch that hands records on under other tags.

    Attributes:
        rest: what goes on here.
        moved: what begins anew, each with its tag.
        copies: how many of those records are in `rest` as well.
    """

    rest: Batch
    moved: list[Batch]
    copies: int


@runtime_checkable
class RetaggingFilter(Protocol):
    """A filter that hands records on under other tags, from the first filter on."""

    def retag(self, batch: Batch) -> Retagged:
        """Return what goes on here, and what begins anew."""
        ...


class WaitingFilter(Filter, Protocol):
    """A filter that has to ask someone first."""

    def lookup(self, batch: Batch) -> asyncio.Future[None] | None:
        """Return what to wait for before the batch can be filtered, None when nothing."""
        ...

    async def start(self) -> None:
        """Begin to ask."""
        ...

    async def close(self) -> None:
        """Let everything go."""
        ...


@runtime_checkable
class HoldingFilter(Protocol):
    """A filter that keeps records back until others have come.

    Attributes:
        timeout: the shortest time that one may be kept back, in seconds.
    """

    timeout: float

    def hold(self, batch: Batch, receipt: Receipt) -> list[Joined]:
        """Return what can go on, each batch with its receipt."""
        ...

    def give_up(self, *, is_last: bool) -> list[Joined]:
        """Return what has been kept back for long enough.

        Args:
            is_last: nothing more will come; return all.
        """
        ...
