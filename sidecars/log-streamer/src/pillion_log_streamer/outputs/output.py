"""The shape of an output, and how one is loaded by its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from pillion_log_streamer.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion.tail import Chunk


class Output(Protocol):
    """Makes of a chunk what goes out."""

    def render(self, chunk: Chunk) -> Sequence[bytes]:
        """Return the bytes to write, in parts, all lines ended."""
        ...


class Names:
    """What files are called in the output.

    By their last name where all come from one directory, by their whole path elsewhere.
    """

    __slots__ = ("_is_short",)

    def __init__(self, paths: Sequence[str]) -> None:
        directories = {path.rpartition("/")[0] for path in paths}
        self._is_short = len(directories) == 1 and not any(
            letter in directory for directory in directories for letter in "*?["
        )

    def name(self, path: str) -> str:
        """Return what a file is called."""
        return path.rpartition("/")[2] if self._is_short else path


def load(name: str, names: Names, labels: Callable[[], dict[str, str]]) -> Output:
    """Return the output of a name; only its own module is imported."""
    module, _, attribute = OUTPUTS[name].partition(":")
    output: Output = getattr(import_module(module), attribute)(names, labels)
    return output
