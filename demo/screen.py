"""The live figures in a terminal, drawn in place; one block after another elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.stage import Part

UP_AND_CLEAR = "\x1b[{lines}A\x1b[0J"


class Screen:
    """Draws the parts, each with its title, figures and landing page."""

    def __init__(self, stream: TextIO, parts: Sequence[Part]) -> None:
        self._stream = stream
        self._parts = parts
        self._drawn = 0

    def draw(self) -> None:
        """Draw the figures as they are now."""
        lines: list[str] = []
        for part in self._parts:
            lines += [f"{part.title}  {part.page}", *(f"  {line}" for line in part.figures()), ""]
        lines.append("Ctrl-C ends the demo.")
        if self._drawn and self._stream.isatty():
            self._stream.write(UP_AND_CLEAR.format(lines=self._drawn))
        self._stream.write("\n".join(lines) + "\n")
        self._stream.flush()
        self._drawn = len(lines)

    def close(self) -> None:
        """Say that it is over."""
        self._stream.write("The demo has ended.\n")
