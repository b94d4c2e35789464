"""What a detector has found in a text, and what is put in its place."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

DETECTORS = (
    "email",
    "card",
    "phone",
    "iban",
    "national_id",
    "ip",
    "aws_key",
    "gcp_key",
    "github_token",
    "jwt",
    "private_key",
    "bearer",
    "api_key",
    "password",
)
FOLDED = "\x1c\x1d\x1e\x1f"
"""Characters that stand for a newline within a text, and for one another: see `redactor`."""
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_HASH_BYTES = 8


class Finding(NamedTuple):
    """Where in a text something is.

    Attributes:
        start: the first character.
        end: behind the last.
        detector: what found it.
    """

    start: int
    end: int
    detector: str


Replace = Callable[[str, str], str]
"""Takes a detector and what it has found; returns what is put in its place, and counts it."""
Scan = Callable[[str, Replace], str]
"""Takes a block, each line a text; returns as many lines, with what was found replaced."""


class Replacement:
    """Masks, hashes or removes, and counts.

    Attributes:
        counts: how often each detector has found something.
    """

    def __init__(self, detectors: Sequence[str], mask: str, key: bytes | None) -> None:
        """Take how.

        Args:
            detectors: all that there are.
            mask: what is put there, `%s` being the detector; nothing to remove.
            key: hash what was found with it, behind the detector.
        """
        self.counts = dict.fromkeys(detectors, 0)
        self._masks = {each: mask.replace("%s", each) for each in detectors}
        self._mask = mask
        self._key = key

    def __call__(self, detector: str, found: str) -> str:
        """Return what is put in the place of what was found."""
        self.counts[detector] += 1
        if self._key is None:
            return self._masks[detector]
        data = found.encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, data, "sha256")[:_HASH_BYTES]
        # In letters, so that no detector takes it for a number.
        return self._mask.replace("%s", f"{detector}:{digest.hex().translate(_LETTERS)}")
