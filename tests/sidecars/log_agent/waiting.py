"""Waiting for what another process does, with a bound."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def eventually(ask: Callable[[], T], holds: Callable[[T], bool], within: float = 30.0) -> T:
    """Ask until the answer is right, and return it; AssertionError with the last one."""
    end = time.monotonic() + within
    while True:
        answer = ask()
        if holds(answer):
            return answer
        assert time.monotonic() < end, f"after {within:g} s it is still {answer!r}"
        time.sleep(0.02)
