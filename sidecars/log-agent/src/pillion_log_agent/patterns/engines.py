"""What runs a pattern that is not proven linear: RE2, or a process of its own with a time limit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.re2_syntax import knows_ascii_only, re2_syntax
from pillion_log_agent.patterns.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

Groups = tuple[str | None, ...]
"""The whole match and then each group, as `match[number]` gives them."""
LINE_SECONDS = 0.1
"""How long one line may take a pattern of which nothing is proven."""
_LEAST_SECONDS = 0.02
_SHARE = 0.2
"""Of the time that goes by, the most that such lines may take."""


class GivenUp:
    """Counts the lines that took a pattern too long.

    Attributes:
        lines: in all.
    """

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines = 0


class Re2Engine:
    """Runs a pattern in RE2: some 20 us a line, and linear on every text."""

    def __init__(
        self, tree: Any, otherwise: Callable[[str], Groups | None], *, captures: bool
    ) -> None:
        """Take a tree.

        Args:
            tree: of `re`'s parser.
            otherwise: looks through the texts for which RE2 means something else.
            captures: whether what the groups take is asked for.

        Raises:
            ValueError: RE2 has no counterpart of it.
        """
        self._written = re2_syntax(tree, captures=captures)
        self._is_for_ascii = knows_ascii_only(self._written)
        self._otherwise = otherwise
        self._search: Callable[[bytes], Any] | None = None
        self._is_refused = False

    def search(self, text: str) -> Groups | None:
        """Return the groups of the first match, None when there is none."""
        if self._search is None and not self._is_refused:
            try:
                self._search = self._compiled()
            except ValueError:
                self._is_refused = True
        if self._search is None or (self._is_for_ascii and not text.isascii()):
            return self._otherwise(text)
        found = self._search(text.encode("utf-8", "surrogatepass"))
        if found is None:
            return None
        return tuple(
            None if each is None else each.decode("utf-8", "surrogatepass")
            for each in (found.group(), *found.groups())
        )

    def compile(self) -> None:
        """Compile it now rather than for the first text; raises ValueError where RE2 refuses it."""
        self._search = self._compiled()

    def _compiled(self) -> Callable[[bytes], Any]:
        import re2  # 4 MB of memory, for such patterns only  # noqa: PLC0415

        options = re2.Options()
        options.log_errors = False
        try:
            search: Callable[[bytes], Any] = re2.compile(self._written.encode(), options).search
        except re2.error as error:
            raise ValueError(f"RE2 does not take it: {error}") from None
        return search


class BoundedEngine:
    """Runs a pattern in a process of its own, which is killed where a line takes too long.

    What lines may take is a share of the time that goes by, so that many of them hold nothing up:
    where it is used up, lines are given up at once.
    """

    def __init__(
        self,
        pattern: str,
        flags: int,
        given_up: GivenUp,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worker = Worker(pattern, flags)
        self._given_up = given_up
        self._clock = clock
        self._left = LINE_SECONDS
        self._seen = clock()

    def search(self, text: str) -> Groups | None:
        """Return the groups of the first match; None when there is none, or it was given up."""
        began = self._clock()
        self._left = min(LINE_SECONDS, self._left + (began - self._seen) * _SHARE)
        self._seen = began
        if self._left < _LEAST_SECONDS:
            self._given_up.lines += 1
            return None
        found: Groups | None = None
        try:
            if self._worker.start():
                # The first start is nobody's fault.
                began = self._clock()
            found = self._worker.search(text, self._left)
        except (TimeoutError, OSError):
            self._given_up.lines += 1
        self._seen = self._clock()
        self._left -= self._seen - began
        return found
