"""A block of lines of which most are JSON objects, cut where one object follows another. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from pillion_log_agent.records.lines import SPACE, is_utf8, offsets_of, text_of
from pillion_log_agent.records.spliced import PLACEHOLDER
from pillion_log_agent.records.wire import Wire, cut, from_wire, split_rows, to_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

_BETWEEN = "}\n{"
_AROUND = "{}\n"


@dataclass(slots=True)
class ObjectRows:
    """Lines that look like JSON objects, and some that do not.

    Attributes:
        bodies: what is between the braces; placeholders stand for the others.
        others: the lines that do not look like an object in UTF-8, by row.
        _stripped: the lines of which the body is not all but the braces, by row.
    """

    bodies: list[Wire] = field(default_factory=list)
    others: dict[int, Wire] = field(default_factory=dict)
    _stripped: dict[int, Wire] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> ObjectRows:
        """Return the rows of a block of lines; an object may have white space around it."""
        rows = cls()
        # One call cuts all that is regular: a part that has a newline in it is several lines.
        parts = cut(to_wire(data.removesuffix(b"\n")), _BETWEEN)
        last, done = len(parts) - 1, 0
        irregular = [number for number, part in enumerate(parts) if "\n" in part]
        for number in sorted({0, *irregular, last}):
            rows.bodies += parts[done:number]
            opening, closing = "{" if number else "", "}" if number < last else ""
            for line in split_rows(f"{opening}{parts[number]}{closing}"):
                rows._add(line)
            done = number + 1
        if not is_utf8(data):
            for row, body in enumerate(rows.bodies):
                if not is_utf8(from_wire(body)):
                    rows._put_aside(row, rows._line(row))
        return rows

    def offsets(self, start: int) -> list[int]:
        """Return where each line stands in a file in which the block begins at `start`."""
        lengths = list(map(len, self.bodies))
        for row, line in (self._stripped | self.others).items():
            lengths[row] = len(line) - len("{}")
        return offsets_of(lengths, len(_AROUND), start)

    def texts(self, broken: Sequence[int]) -> list[tuple[int, str]]:
        """Return the others, and rows that turned out to be broken, as text without their ends."""
        lines = {row: self._line(row) for row in broken} | self.others
        return [(row, text_of(line)) for row, line in sorted(lines.items())]

    def _line(self, row: int) -> Wire:
        return self._stripped.get(row) or Wire(f"{{{self.bodies[row]}}}")

    def _add(self, line: Wire) -> None:
        if line[:1] == "{" and line[-1] == "}":
            self.bodies.append(cast("Wire", line[1:-1]))
            return
        text, row = line.strip(SPACE), len(self.bodies)
        self.bodies.append(cast("Wire", text[1:-1]))
        if text.startswith("{") and text.endswith("}"):
            self._stripped[row] = line
        else:
            self._put_aside(row, line)

    def _put_aside(self, row: int, line: Wire) -> None:
        self.others[row] = line
        self.bodies[row] = PLACEHOLDER
