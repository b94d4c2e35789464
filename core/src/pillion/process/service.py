"""What a process is made of: a service, and the context that it is given."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp import web
    from prometheus_client import CollectorRegistry, Metric

    from pillion.lifecycle import Deadline, Health
    from pillion.log import Logger
    from pillion.settings import Values


def end_process() -> None:
    """End the process as a kubelet does: it drains, and its exit status says how it went."""
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Context:
    """What a service is built from.

    Attributes:
        values: the settings.
        log: the process's logger.
        registry: what `/metrics` shows.
        health: what `/-/healthy` and `/-/ready` answer.
        end: called by a service that has come to its end, or cannot go on; it is drained then.
            Any thread may call it.
    """

    values: Values
    log: Logger
    registry: CollectorRegistry
    health: Health
    end: Callable[[], None] = end_process


class Service:
    """The work of a process; override what there is to do.

    Its construction takes the context, validates everything and opens nothing: `--config.check`
    ends after it. Then it is asked for its routes, and started; it may be reloaded any number of
    times, and is drained at the end.
    """

    def routes(self, application: web.Application) -> None:
        """Add the paths that it answers. `/-/healthy`, `/-/ready` and `/-/reload` are there."""

    async def metrics(self, request: web.Request) -> Iterable[Metric]:  # noqa: ARG002
        """Return what has to be fetched at each scrape, besides what the registry holds."""
        return ()

    async def start(self) -> None:
        """Begin to work; return when the work has begun. The web server answers by now."""

    async def reload(self) -> None:
        """Take up a changed configuration, whole or not at all.

        Raises:
            PillionError: the old one stays; the message says why.
        """

    async def drain(self, deadline: Deadline) -> None:
        """Finish what is in hand before the deadline, and close. The web server still answers.

        Raises:
            PillionError: why it came to its end by itself, where that was an error.
        """
