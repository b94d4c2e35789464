"""The filter `checklist`: adds fields to records whose field is on a list.

Source: fluent-bit's manual, "CheckList".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion.files import read_bounded
from pillion.settings import Kind, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PAIR, PATH, TEXT, choice
from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

LIMIT = 64 * 1024 * 1024
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def _action(text: str) -> tuple[str, Any]:
    key, value = PAIR.parse(text)
    return key, _WORDS.get(value.lower(), value)


ACTION: Kind[tuple[str, Any]] = Kind("KEY VALUE", _action)


@dataclass(frozen=True, slots=True)
class ChecklistProperties:
    """The properties of `checklist`."""

    file: str = setting("file", PATH, "The list, an entry each line.", default="")
    lookup_key: str = setting("lookup_key", TEXT, "The field to look up.", default="log")
    record: tuple[tuple[str, Any], ...] = repeated(
        "record", ACTION, "Add a field; true, false and null are what they say."
    )
    mode: str = setting(
        "mode",
        choice("exact", "partial"),
        "exact: the field is an entry; partial: an entry is in it.",
        default="exact",
    )
    ignore_case: bool = setting("ignore_case", FLAG, "Whatever the case.", default=False)


class ChecklistFilter:
    """Adds fields to records whose field is on the list."""

    def __init__(self, properties: ChecklistProperties, _context: FilterContext) -> None:
        self._field = parse_accessor(properties.lookup_key)
        self._added = properties.record
        self._ignores_case = properties.ignore_case
        self._entries = frozenset(_entries(properties.file, fold=properties.ignore_case))
        is_partial = properties.mode == "partial" and self._entries
        self._search = _search(self._entries) if is_partial else None

    def apply(self, batch: Batch) -> Batch:
        """Return the batch; records that are not on the list stay as they are."""
        for record in batch.records():
            value = self._field.find(record)
            if isinstance(value, str) and self._is_listed(value):
                for key, added in self._added:
                    record.pop(key, None)
                    record[key] = added
        return batch

    def _is_listed(self, text: str) -> bool:
        if self._ignores_case:
            text = text.lower()
        return text in self._entries if self._search is None else bool(self._search(text))


def _search(entries: frozenset[str]) -> Callable[[str], Any]:
    """Return what finds any of the entries in a text, in linear time, however many there are."""
    import re2  # 4 MB, and only for this mode  # noqa: PLC0415

    options = re2.Options()
    options.max_mem = LIMIT
    found = re2.Set.SearchSet(options)
    for entry in sorted(entries):
        found.Add(re2.escape(entry))
    found.Compile()
    match: Callable[[str], Any] = found.Match
    return match


def _entries(path: str, *, fold: bool) -> list[str]:
    try:
        data = read_bounded(path, LIMIT)
    except OSError as error:
        raise ConfigurationError(f"file: {path} cannot be read: {error.strerror}") from None
    text = data.decode("utf-8", "replace")
    lines = (text.lower() if fold else text).splitlines()
    return [line.rstrip("\r") for line in lines if line.strip() and not line.startswith("#")]


CHECKLIST = Declaration(
    name="checklist",
    summary="Adds fields to records whose field is on a list.",
    properties=ChecklistProperties,
    accepted={"print_query_time": "the log does not hold records"},
    required=("file", "record"),
    build=ChecklistFilter,
)
