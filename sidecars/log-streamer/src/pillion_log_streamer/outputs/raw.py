"""Lines as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.tail import Chunk
    from pillion_log_streamer.outputs.output import Names


class Raw:
    """Passes chunks on; of several files, each line is one of theirs and whole."""

    __slots__ = ()

    def __init__(self, names: Names, labels: Callable[[], dict[str, str]]) -> None:
        """Take what every output is given; bytes as they are need neither."""

    def render(self, chunk: Chunk) -> Sequence[bytes]:
        """Return the chunk, with an end to its last line where it has none."""
        return (chunk.data,) if chunk.ends_line else (chunk.data, b"\n")
