"""The whole error tree, named by what the one who meets an error can do about it.

`str(error)` is always one sentence that can be shown to a user: what is wrong, where, and
what would be right. Foreign exceptions are translated into these once, at the boundary.
"""

from __future__ import annotations


class PillionError(Exception):
    """The root of every error that Pillion raises on purpose."""

    exit_code = 1


class ConfigurationError(PillionError):
    """Fix the configuration: it is wrong, and trying again will not mend it.

    The process ends with status 1 when this is met at start; a reload that meets it keeps
    the old configuration.
    """


class UsageError(ConfigurationError):
    """Fix the command line or the environment. Ends the process with status 2."""

    exit_code = 2


class TransientError(PillionError):
    """Try again: the other side is not there, is busy, or did not answer in time.

    Attributes:
        reason: one word of a bounded set, fit for a metric label (`refused`, `timeout`).
        after: seconds to wait first, where the other side said so (`Retry-After`).
    """

    def __init__(self, sentence: str, *, reason: str, after: float | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.after = after


class RejectedError(PillionError):
    """Drop it: what was sent is refused for good, and sending it again changes nothing.

    Attributes:
        reason: one word of a bounded set, fit for a metric label.
    """

    def __init__(self, sentence: str, *, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


LONGEST_WORD = 100


def nearest(word: str, known: list[str]) -> str | None:
    """Return the known word that `word` was most likely meant to be, or None."""
    if len(word) > LONGEST_WORD:  # difflib's time grows with the square
        return None
    import difflib  # 0.6 MB, and only ever needed to word an error  # noqa: PLC0415

    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return matches[0] if matches else None
