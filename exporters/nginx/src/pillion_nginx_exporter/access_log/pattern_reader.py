"""Reads the lines of a `log_format` out of blocks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log.columns import METHOD, PATHS, TIME, VARIABLES
from pillion_nginx_exporter.access_log.formats import parse_format
from pillion_nginx_exporter.access_log.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.fields import Value
    from pillion_nginx_exporter.access_log.formats import FormatText, LogFormat
    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.totals import Totals

_WINDOW_BYTES = 8192
"""How far the fast pattern may go over the end of a line, so that none costs more than that."""
_SHORT_LINE = 32
"""Lines of fewer bytes would each cost a window; few formats are that short."""

Row = tuple[bytes, ...]


class PatternReader:
    """Counts what fits a format."""

    __slots__ = ("_columns", "_fast", "_paths", "_strict", "_tally", "_written")

    def __init__(self, written: FormatText, rules: Sequence[LabelRule], totals: Totals) -> None:
        """Take the format, the labels, and what is counted into.

        Raises:
            ValueError: as `parse_format`.
        """
        extra = [rule.column for rule in rules if rule.column not in (METHOD, *VARIABLES)]
        log_format = parse_format(written.text, is_json=written.is_json, extra=extra)
        self._written = written
        self._paths: LogFormat | None = None
        self._fast, self._strict = log_format.fast, log_format.strict
        self._columns = tuple(log_format.columns.items())
        self._tally = Tally(tuple(log_format.columns), rules, totals)

    def read(self, block: bytes) -> bytes:
        """Count what fits at once of whole lines; return the lines that do not."""
        rows: list[Row] = []
        begin = 0
        while begin < len(block):
            end = block.rfind(b"\n", begin, begin + _WINDOW_BYTES) + 1
            end = end or block.index(b"\n", begin) + 1
            rows += self._rows(block, begin, end)
            begin = end
        return self._add(rows)

    def read_thoroughly(self, block: bytes) -> bytes:
        """Do the same for what is rare: users' names with spaces, JSON with backslashes."""
        return self._add(self._strict.findall(block))

    def requests(self, block: bytes) -> list[tuple[Value, Value]]:
        """Return the request line or URI of lines that fit, each with its time."""
        if self._paths is None:
            self._paths = parse_format(
                self._written.text, is_json=self._written.is_json, extra=PATHS
            )
        columns = self._paths.columns
        path = next((columns[name] for name in PATHS if name in columns), None)
        if path is None or TIME not in columns:
            return []
        rows = self._paths.strict.findall(block)
        return [(row[path], row[columns[TIME]]) for row in rows if not row[-1]]

    def _add(self, rows: list[Row]) -> bytes:
        columns = tuple(zip(*rows, strict=True))
        unfit = b"".join(columns[-1])
        if unfit:
            columns = tuple(zip(*[row for row in rows if not row[-1]], strict=True))
        if columns:
            self._tally.add({name: columns[at] for name, at in self._columns})
        return unfit

    def _rows(self, block: bytes, begin: int, end: int) -> list[Row]:
        lines = block.count(b"\n", begin, end)
        if end - begin >= _SHORT_LINE * lines:
            rows = self._fast.findall(block, begin, end)
            if len(rows) == lines:
                return rows
        return self._strict.findall(block, begin, end)
