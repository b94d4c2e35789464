"""Looking through many texts at once: they are one block with a text on each line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.filters.redact.addresses import emails, ipv6
from pillion_log_agent.filters.redact.codes import codes
from pillion_log_agent.filters.redact.numbers import numbers
from pillion_log_agent.filters.redact.secrets import secrets

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pillion_log_agent.filters.redact.finding import Replace
    from pillion_log_agent.patterns.pattern import Pattern

MOST_IN_A_TEXT = 1000
"""How often an own pattern that RE2 runs is looked for in one text."""


class Redactor:
    """Has every detector look through texts."""

    def __init__(
        self,
        detectors: Collection[str],
        own: Sequence[tuple[str, Pattern]],
        replace: Replace,
    ) -> None:
        """Take what to look for.

        Args:
            detectors: of `DETECTORS`.
            own: names, and patterns whose first group is what they find.
            replace: says what is put in the place of what was found.
        """
        self._own = own
        self._replace = replace
        # What is longer comes before what may be a part of it.
        makers = (secrets, emails, codes, ipv6, numbers)
        self._scans = [scan for make in makers if (scan := make(detectors)) is not None]

    def redact(self, texts: list[str]) -> list[str]:
        """Return the texts with what was found in them replaced, in order."""
        for name, pattern in self._own:
            texts = [self._without(text, name, pattern) for text in texts]
        block = "\n".join(texts)
        if block.count("\n") == len(texts) - 1:
            return self._scanned(block, self._replace).split("\n")

        def replace(detector: str, found: str) -> str:
            return self._replace(detector, _unfolded(found))

        block = "\n".join(map(_folded, texts))
        return list(map(_unfolded, self._scanned(block, replace).split("\n")))

    def _scanned(self, block: str, replace: Replace) -> str:
        for scan in self._scans:
            block = scan(block, replace)
        return block

    def _without(self, text: str, name: str, pattern: Pattern) -> str:
        found = pattern.search(text)
        if found is None:
            return text
        if pattern.linear is None or pattern.linear_for != "all":
            return self._without_known(text, name, pattern)
        pieces: list[str] = []
        done = 0
        for match in pattern.linear.finditer(text):
            start, end = match.span(1)
            if end > start >= done:
                pieces += [text[done:start], self._replace(name, text[start:end])]
                done = end
        return "".join([*pieces, text[done:]])

    def _without_known(self, text: str, name: str, pattern: Pattern) -> str:
        """Return a text without what a pattern finds, where only what it finds is known."""
        pieces: list[str] = []
        for _ in range(MOST_IN_A_TEXT):
            found = pattern.search(text)
            if found is None or not (secret := found[1]):
                break
            before, _, text = text.partition(secret)
            pieces += [before, self._replace(name, secret)]
        return "".join([*pieces, text])


def _folded(text: str) -> str:
    """Return a text on one line; what stands for its newlines stands for nothing else."""
    if "\x1c" in text or "\x1d" in text:
        text = text.replace("\x1d", "\x1d\x1f").replace("\x1c", "\x1d\x1e")
    return text.replace("\n", "\x1c")


def _unfolded(text: str) -> str:
    text = text.replace("\x1c", "\n")
    return text.replace("\x1d\x1e", "\x1c").replace("\x1d\x1f", "\x1d")
