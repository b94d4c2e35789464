"""What a guard is asked: may this be probed? The rules themselves are in `network.rules`."""

from __future__ import annotations

from typing import Protocol


class Guard(Protocol):
    """Judges targets by their names, and again by the addresses that are connected to."""

    def refuses_host(
        self, scheme: str, host: str, port: int, *, is_final: bool = False
    ) -> str | None:
        """Return why a target may not be probed, or None. Asked before its name is resolved.

        `is_final` says that no address of it will be judged: a proxy resolves it, or it is the
        path of a unix socket.
        """
        ...

    def refuses_address(self, scheme: str, host: str, address: str, port: int) -> str | None:
        """Return why an address may not be connected to, or None."""
        ...


class AllowAll:
    """The guard that refuses nothing."""

    __slots__ = ()

    def refuses_host(
        self, scheme: str, host: str, port: int, *, is_final: bool = False
    ) -> str | None:
        """Return None."""
        del scheme, host, port, is_final
        return None

    def refuses_address(self, scheme: str, host: str, address: str, port: int) -> str | None:
        """Return None."""
        del scheme, host, address, port
        return None
