"""What a process is made of: a service, and the context that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import CollectorRegistry

    from pillion.lifecycle import Deadline, Health
    from pillion.log import Logger
    from pillion.settings import Values


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


class Service:
    """The work of a process; override what there is to do.

    Its construction takes the context, validates everything and opens nothing: `--config.check`
    ends after it. Then it is asked for its routes, and started; it may be reloaded any number of
    times, and is drained at the end.
    """

    def routes(self, application: web.Application) -> None:
        """Add the paths that it answers. `/-/healthy`, `/-/ready` and `/-/reload` are there."""

    async def start(self) -> None:
        """Begin to work; return when the work has begun. The web server answers by now."""

    async def reload(self) -> None:
        """Take up a changed configuration, whole or not at all.

        Raises:
            PillionError: the old one stays; the message says why.
        """

    async def drain(self, deadline: Deadline) -> None:
        """Finish what is in hand before the deadline, and close. The web server still answers."""
