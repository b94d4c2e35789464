"""The filter `geoip2`: where an address is, from a database of MaxMind's format.

Source: fluent-bit's manual, "GeoIP2"; the MaxMind DB file format 2.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion.settings import Kind, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PATH, TEXT, words
from pillion_log_agent.records.accessor import Accessor, parse_accessor

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

KNOWN_ADDRESSES = 10_000
_WORDS = words(3, "KEY LOOKUP_KEY %{path}")
_PATH = re.compile(r"%\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Added:
    """One field that is added.

    Attributes:
        key: its name.
        lookup_key: the field that has the address.
        path: where in the database's entry the value is.
    """

    key: str
    lookup_key: str
    path: tuple[str, ...]


def _added(text: str) -> Added:
    key, lookup_key, value = _WORDS.parse(text)
    match = _PATH.fullmatch(value)
    if match is None:
        raise ValueError("has no path; write KEY LOOKUP_KEY %{city.names.en}")
    return Added(key, lookup_key, tuple(match[1].split(".")))


@dataclass(frozen=True, slots=True)
class Geoip2Properties:
    """The properties of `geoip2`."""

    database: str = setting("database", PATH, "The database, a .mmdb file.", default="")
    lookup_key: tuple[str, ...] = repeated("lookup_key", TEXT, "A field that has an address.")
    record: tuple[Added, ...] = repeated(
        "record",
        Kind("KEY LOOKUP_KEY %{PATH}", _added),
        "A field, the field of its address, and where in the entry its value is.",
    )


class Geoip2Filter:
    """Adds fields that say where addresses are; null where the database does not know."""

    def __init__(self, properties: Geoip2Properties, context: FilterContext) -> None:
        try:
            import maxminddb  # 1 MB  # noqa: PLC0415
        except ImportError:
            raise ConfigurationError(
                "geoip2 needs maxminddb, which is not installed: "
                "pip install 'pillion-log-agent[geoip]'"
            ) from None
        for each in properties.record:
            if each.lookup_key not in properties.lookup_key:
                raise ConfigurationError(
                    f"record: {each.key} is looked up by {each.lookup_key}, which is not a "
                    "lookup_key"
                )
        try:
            self._reader = maxminddb.open_database(properties.database)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigurationError(
                f"database: {properties.database} cannot be used: {why}"
            ) from None
        self._log = context.log
        self._damage = maxminddb.InvalidDatabaseError
        self._is_damaged = False
        self._added = [(each, parse_accessor(each.lookup_key)) for each in properties.record]
        self._find = lru_cache(KNOWN_ADDRESSES)(self._looked_up)

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the fields."""
        columns: dict[Accessor, list[Any]] = {}
        for _, lookup in self._added:
            if lookup not in columns:
                columns[lookup] = lookup.column(batch)
        for each, lookup in self._added:
            batch.add(each.key, [self._value(text, each.path) for text in columns[lookup]])
        return batch

    def _value(self, text: Any, path: tuple[str, ...]) -> Any:
        value = self._find(text.strip()) if isinstance(text, str) else None
        for name in path:
            if isinstance(value, dict):
                value = value.get(name)
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        return None if isinstance(value, (dict, list)) else value

    def _looked_up(self, address: str) -> Any:
        """Return the entry of an address, None where there is none, or the text is no address."""
        try:
            return self._reader.get(address)
        except (ValueError, self._damage) as error:
            if isinstance(error, self._damage) and not self._is_damaged:
                self._is_damaged = True
                self._log.warning("a database of addresses is damaged", error=str(error))
            return None


GEOIP2 = Declaration(
    name="geoip2",
    summary="Adds where an address is, from a MaxMind database.",
    properties=Geoip2Properties,
    required=("database", "lookup_key", "record"),
    build=Geoip2Filter,
)
