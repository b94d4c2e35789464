"""Why the streamer ends by itself."""

from __future__ import annotations

from pillion.errors import PillionError


class StdoutClosedError(PillionError):
    """Nobody reads standard output any more, and nobody will: there is no sense in going on."""


class CrashedError(PillionError):
    """A fault of this program has ended the reading of files."""
