"""What a process is made of: a service, and the context that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from pillion.lifecycle import Deadline, Health
    from pillion.log import Logger
    from pillion.settings import Values
    from pillion.web import Routes


@dataclass(frozen=True, slots=True)
class Context:
    """What a service is built from.

    Attributes:
        values: the settings.
        log: the process's logger.
        registry: what `/metrics` shows.
        health: what `/-/healthy` and `/-/ready` answer.
    """

    values: Values
    log: Logger
    registry: CollectorRegistry
    health: Health


class Service(Protocol):
    """The work of a process. Its construction validates everything and opens nothing."""

    def routes(self, routes: Routes) -> None:
        """Add the paths that it answers."""
        ...

    async def start(self) -> None:
        """Begin to work; return when the work has begun."""
        ...

    async def reload(self) -> None:
        """Take up a changed configuration, whole or not at all.

        Raises:
            PillionError: the old one stays; the message says why.
        """
        ...

    async def drain(self, deadline: Deadline) -> None:
        """Finish what is in hand before the deadline, and close."""
        ...
