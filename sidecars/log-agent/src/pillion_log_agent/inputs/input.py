"""What an input is to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pillion_log_agent.network.sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from prometheus_client import Metric

    from pillion.log import Logger
    from pillion.tail.lowlevel import OpenFiles
    from pillion_log_agent.multiline.combine import MultilineContext
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt


class Intake(Protocol):
    """Takes what an input has read."""

    def take(self, batch: Batch, receipt: Receipt) -> None:
        """Take a batch, and what to release once every record of it is where it should be."""
        ...

    def drop(self, records: int, reason: str) -> None:
        """Note records that were read and go no further."""
        ...


@dataclass(slots=True)
class Handover:
    """What inputs leave to those that follow them when the configuration is reloaded.

    Attributes:
        kept: by the input's kind and name, what it remembers.
        open_files: by the input's name, files that are open, of which some may be deleted.
        checkpoints: the directories of checkpoints that are in use.
        sockets: that are listened at.
    """

    kept: dict[str, bytes] = field(default_factory=dict)
    open_files: dict[str, OpenFiles] = field(default_factory=dict)
    checkpoints: set[str] = field(default_factory=set)
    sockets: Sockets = field(default_factory=Sockets)

    def close(self, name: str) -> None:
        """Close the files of an input that are not wanted."""
        if name in self.open_files:
            self.open_files.pop(name).close()

    def close_besides(self, names: Collection[str]) -> None:
        """Close the files of inputs that none of these names follows."""
        for name in set(self.open_files) - set(names):
            self.close(name)


@dataclass(frozen=True, slots=True)
class InputContext:
    """What an input is built from, beside its properties.

    Attributes:
        name: in metrics and the log.
        log: its logger.
        parser: a parser by its name; raises ConfigurationError when there is none.
        is_built_in: whether a parser of that name is the built-in one.
        wall_ns: the system's clock, nanoseconds since 1970.
        state: a directory for what has to outlive the process, or None.
        in_flight_bytes: how much may be handed out and not acknowledged.
        handover: what an input leaves to the one of its name after a reload.
        joining: what joining lines needs.
        claim: takes something that one input alone may have, such as a checkpoint's directory or
            an address; raises ConfigurationError where another of the same configuration has it.
        sync: has the outputs sync what they have written; raises OSError.
    """

    name: str
    log: Logger
    parser: Callable[[str], Parser]
    is_built_in: Callable[[str], bool]
    wall_ns: Callable[[], int]
    state: str | None
    in_flight_bytes: int
    handover: Handover
    joining: MultilineContext
    claim: Callable[[str], None]
    sync: Callable[[], None]


class Input(Protocol):
    """Where records come from."""

    def prepare(self) -> None:
        """Take what must not be in use, before the pipeline at work ends for this one.

        Raises:
            ConfigurationError: it is in use, or cannot be used.
        """
        ...

    async def run(self, intake: Intake) -> None:
        """Hand over batches, until there will be no more or `stop` was called."""
        ...

    def stop(self, *, is_last: bool) -> None:
        """Come to an end: hand over nothing more that can be read again later.

        Args:
            is_last: no input of this name will follow in this process.
        """
        ...

    def collect(self) -> Iterable[Metric]:
        """Return its own metrics, labelled with its name."""
        ...

    def close(self) -> None:
        """Let everything go; what was not acknowledged will be read again."""
        ...


@runtime_checkable
class FileInput(Protocol):
    """An input that reads files, some of which it may not be allowed to read."""

    def read_to_end(self) -> None:
        """Read what is there to its end, unfinished lines included, and then come to an end."""
        ...

    def refused(self) -> Mapping[str, str]:
        """Return the files and directories that may not be read, each with why."""
        ...

    def why_blind(self) -> str | None:
        """Return why it can read nothing, or not what it was named; None where it can."""
        ...
