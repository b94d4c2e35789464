"""One life of a process under test, as the oracle drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import subprocess

    from tests.oracle.truth import Truth


class Taking(Protocol):
    """What judges that which a reader says."""

    @property
    def faults(self) -> list[str]:
        """What should not have come."""
        ...

    @property
    def may_repeat(self) -> bool:
        """Whether something may come twice."""
        ...

    def take(self, identity: str, start: int, data: bytes) -> None:
        """Judge one chunk."""
        ...

    def lost(self) -> int:
        """Return how many bytes have not come out."""
        ...


class Life(Protocol):
    """A process between its start and its end."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process."""
        ...

    @property
    def kept(self) -> dict[str, int]:
        """By identity, the positions that were safe on disk when it started."""
        ...

    @property
    def has_state(self) -> bool:
        """Whether there was a checkpoint with a look in it."""
        ...

    @property
    def full_disk(self) -> bool:
        """Whether it cannot write its state."""
        ...

    def wait_until_ready(self, truth: Truth) -> None:
        """Wait until it works."""
        ...

    def holds(self, inode: int) -> bool:
        """Return whether it has a file with this inode open."""
        ...

    def drain(self, truth: Truth) -> bool:
        """Judge what has come out so far; return whether there may be more to come."""
        ...

    def stop(self, truth: Truth) -> None:
        """Stop it with SIGTERM, and hold it to its own ledger."""
        ...

    def kill(self, truth: Truth) -> None:
        """Kill it with SIGKILL."""
        ...

    def end(self) -> None:
        """Clear away, whatever it is doing."""
        ...
