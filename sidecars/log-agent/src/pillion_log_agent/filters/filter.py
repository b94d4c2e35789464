"""What a filter is to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from pillion.log import Logger
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.pipeline.batch import Batch


@dataclass(frozen=True, slots=True)
class FilterContext:
    """What a filter is built from, beside its properties.

    Attributes:
        name: in metrics and the log.
        log: its logger.
        parser: a parser by its name; raises ConfigurationError when there is none.
        wall_ns: the system's clock, nanoseconds since 1970.
        environment: of the process.
    """

    name: str
    log: Logger
    parser: Callable[[str], Parser]
    wall_ns: Callable[[], int]
    environment: Mapping[str, str]


class Filter(Protocol):
    """Changes records, or takes some out."""

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the records that stay; it may be the same one, changed."""
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
