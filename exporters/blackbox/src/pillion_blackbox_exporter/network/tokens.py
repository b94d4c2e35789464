"""Tokens that were fetched, kept until they are about to expire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

_KEPT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Attributes:
        header: the value of an Authorization header. A secret.
        until: until when it is good, by the clock of probes.
    """

    header: str
    until: float


class Tokens:
    """The tokens of one process, by whatever they were fetched with."""

    __slots__ = ("_fetching", "_kept")

    def __init__(self) -> None:
        self._kept: dict[Hashable, Token] = {}
        self._fetching: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, now: float, fetch: Callable[[], Awaitable[Token]]) -> Token:
        """Return a token that is good, fetched when there is none; once for all who wait for it."""
        while len(self._fetching) > _KEPT_LIMIT:
            del self._fetching[next(iter(self._fetching))]
        async with self._fetching.setdefault(key, asyncio.Lock()):
            token = self._kept.get(key)
            if token is None or token.until <= now:
                token = await fetch()
                while len(self._kept) >= _KEPT_LIMIT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = token
        return token
