"""The watch of the pods of a node, which keeps what is known of them current."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.kubernetes_api.api import (
    FIRST_WAIT,
    LONGEST_WAIT,
    ExpiredError,
    ForbiddenError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion_log_agent.filters.kubernetes.store import Store
    from pillion_log_agent.kubernetes_api.api import Api


async def keep_current(
    api: Api, node: str, store: Store, log: Logger, draw: Callable[[], float] = random.random
) -> None:
    """List the pods of a node and follow their changes, until cancelled or not allowed to."""
    wait = FIRST_WAIT
    while True:
        try:
            items, version = await api.pods(node)
            store.replace(items)
            wait = FIRST_WAIT
            while True:
                async for kind, found in api.changes(node, version):
                    version = (found.get("metadata") or {}).get("resourceVersion", version)
                    store.change(kind, found)
        except ForbiddenError:
            log.warning(
                "the account may not list and watch pods; each is asked for by itself", node=node
            )
            store.is_watched = False
            return
        except ExpiredError:
            continue
        except Exception as error:  # noqa: BLE001  # an object of a shape that nobody expects, too
            store.is_watched = False
            cause = error if isinstance(error, TransientError) else repr(error)
            log.warning("the watch of pods failed, and is tried again", cause=cause)
            await asyncio.sleep(wait * (0.5 + draw() / 2))
            wait = min(wait * 2, LONGEST_WAIT)
