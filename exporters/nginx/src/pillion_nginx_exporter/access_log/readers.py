"""The reader of a format: a pattern, or JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log.formats import parse_format
from pillion_nginx_exporter.access_log.pattern_reader import PatternReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_nginx_exporter.access_log.counting import Reader
    from pillion_nginx_exporter.access_log.formats import FormatText
    from pillion_nginx_exporter.access_log.label_rules import LabelRule
    from pillion_nginx_exporter.access_log.totals import Totals

JSON = "json"
"""Objects with the names of nginx' variables as keys, in any order."""


def check_format(text: str) -> None:
    """Raise ValueError, the second half of a sentence that begins with the text, if it is none."""
    if text != JSON:
        parse_format(text)


def reader_of(written: FormatText, rules: Sequence[LabelRule], totals: Totals) -> Reader:
    """Return what reads lines of a format and counts them into totals, by the rules of labels.

    Raises:
        ValueError: as `parse_format`.
    """
    if written.text == JSON:
        # msgspec: 4 MB, and only for such logs
        from pillion_nginx_exporter.access_log.json_reader import JsonReader  # noqa: PLC0415

        return JsonReader(rules, totals)
    return PatternReader(written, rules, totals)
