"""Sockets that are listened at, over a reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket


@dataclass(slots=True)
class Sockets:
    """The listening sockets that inputs hand over at a reload.

    Attributes:
        listening: the addresses that are in use.
        left: the open sockets that the next pipeline takes over, by address.
        wanted: the addresses that the next pipeline listens on.
    """

    listening: set[str] = field(default_factory=set)
    left: dict[str, socket.socket] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)

    def close_besides_wanted(self) -> None:
        """Close what the inputs that were prepared last do not want."""
        for address in set(self.left) - self.wanted:
            self.listening.discard(address)
            self.left.pop(address).close()
        self.wanted.clear()
