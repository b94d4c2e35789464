"""The seam between a connection and what carries its bytes."""

from __future__ import annotations

from typing import Protocol


class Wire(Protocol):
    """What a connection needs of an `asyncio.Transport`; `EncryptedWire` is the other one."""

    def write(self, data: bytes) -> None:
        """Send; the connection hears `pause_writing` when the client does not take it."""
        ...

    def write_eof(self) -> None:
        """Send nothing more, and go on reading."""
        ...

    def close(self) -> None:
        """Close when all is sent."""
        ...

    def abort(self) -> None:
        """Close now."""
        ...

    def is_closing(self) -> bool:
        """Tell whether it is closed or about to be."""
        ...

    def is_reading(self) -> bool:
        """Tell whether it is not paused."""
        ...

    def pause_reading(self) -> None:
        """Hand over nothing more."""
        ...

    def resume_reading(self) -> None:
        """Hand over again."""
        ...
