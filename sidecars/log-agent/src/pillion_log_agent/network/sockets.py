"""Sockets that are listened at, over a reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket


@dataclass(slots=True)
class Sockets:
    """What inputs that listen leave to those that follow them.

    Attributes:
        listening: the addresses that are listened at.
        left: by their address, those that are left open for who follows.
        wanted: the addresses of the inputs that were prepared last.
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
