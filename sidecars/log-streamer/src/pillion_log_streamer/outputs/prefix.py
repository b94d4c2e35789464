"""Each line with the name of its file before it: `name: line`."""

from __future__ import annotations

from os import fsencode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.tail import Chunk
    from pillion_log_streamer.outputs.output import Names


class Prefix:
    """Puts the name before each line, by one replacement for a whole chunk."""

    __slots__ = ("_names", "_prefixes")

    def __init__(self, names: Names, labels: Callable[[], dict[str, str]]) -> None:  # noqa: ARG002
        self._names = names
        self._prefixes: dict[str, bytes] = {}

    def render(self, chunk: Chunk) -> Sequence[bytes]:
        """Return the lines with their prefix, each ended."""
        prefix = self._prefix(chunk.path)
        if not chunk.ends_line:
            return prefix, chunk.data.replace(b"\n", b"\n" + prefix), b"\n"
        lines = chunk.data.replace(b"\n", b"\n" + prefix)
        # The last newline begins no line of this chunk.
        return prefix, lines[: -len(prefix)]

    def _prefix(self, path: str) -> bytes:
        prefix = self._prefixes.get(path)
        if prefix is None:
            if len(self._prefixes) >= 10_000:  # noqa: PLR2004
                self._prefixes.clear()
            name = fsencode(self._names.name(path)).replace(b"\n", b"?")
            prefix = self._prefixes[path] = name + b": "
        return prefix
