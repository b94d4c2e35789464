"""Reads lines that are JSON objects, whatever the order of their keys. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pillion_nginx_exporter.access_log.columns import METHOD, REQUEST, STATUS, VARIABLES
from pillion_nginx_exporter.access_log.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.memos import Value
    from pillion_nginx_exporter.access_log.totals import Totals

_USUAL: dict[str, tuple[str, ...]] = {
    METHOD: ("method", "verb"),
    STATUS: ("response_code", "status_code"),
    "host": ("server_host", "vhost"),
    "upstream": ("upstream",),
    "response_size": ("bytes", "body_bytes", "size"),
    "request_size": ("request_size",),
    "time": ("response_time", "duration"),
    "upstream_time": ("upstream_time",),
    "trace": ("trace_id",),
}
"""Keys beside the names of nginx' variables."""

_FIELD = str | int | float | None


class JsonReader:
    """Counts objects that have a status, by keys named as nginx' variables, or as is usual."""

    __slots__ = ("_decode", "_decode_lines", "_keys", "_tally")

    def __init__(
        self, rules: Sequence[LabelRule], totals: Totals, extra: Collection[str] = ()
    ) -> None:
        """Take the labels, what is counted into, and more keys to read as they are."""
        self._keys = {
            column: (*names, *_USUAL.get(column, ())) for column, names in VARIABLES.items()
        }
        self._keys |= {key: (key,) for key in extra}
        names = {REQUEST, *(key for keys in self._keys.values() for key in keys)}
        kind = msgspec.defstruct(
            "Line", [(name, _FIELD, None) for name in sorted(names)], gc=False
        )
        self._decode_lines = msgspec.json.Decoder(list[kind]).decode_lines  # type: ignore[valid-type]
        self._decode = msgspec.json.Decoder(kind).decode
        self._tally = Tally(tuple(self._keys), rules, totals)

    def read(self, block: bytes) -> bytes:
        """Count what fits of whole lines; return the lines that do not."""
        try:
            found = self._decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._read_each(block)
        # A blank line is no object, and goes with those.
        if len(found) != block.count(b"\n") or not self._add(found):
            return self._read_each(block)
        return b""

    def read_thoroughly(self, block: bytes) -> bytes:
        """Return the lines: all that fit were counted at once."""
        return block
