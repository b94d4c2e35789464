"""Where records come from. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from.

    Attributes:
        input: the name of the input.
        path: of the file, or empty.
        identity: names the generation of the file; with an offset it names a record for good.
        emitters: the filters that have handed it on under another tag.
    """

    input: str
    path: str
    identity: str
    emitters: tuple[str, ...] = ()

    def cut_at(self, end: int) -> Origin:
        """Return the origin of a piece of a line, which may come again, and longer.

        After a crash the line may be whole: with an id of its own it is not taken for the piece.
        """
        return Origin(self.input, self.path, f"{self.identity}~{end}", self.emitters)
