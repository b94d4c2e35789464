"""What every parser can be told: the time, the types, the decoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.kinds import FLAG, TEXT, words
from pillion_log_agent.parsers.decoders import Decoder, make_decoder
from pillion_log_agent.parsers.types import TYPES, cast_fields
from pillion_log_agent.patterns.times import TimeFormat, parse_offset
from pillion_log_agent.patterns.zones import SystemZone, named_zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.parsers.parsed import Fields
    from pillion_log_agent.patterns.zones import Zone

OFFSET: Kind[int] = Kind("OFFSET", parse_offset)
DEFAULT_TIME_KEY = "time"


OF_OTHER_FORMATS = {
    "regex": "for the format regex",
    "skip_empty_values": "for the format regex",
    "logfmt_no_bare_keys": "for the format logfmt",
}
"""What a parser of any format may be told; where it has the property itself, that comes first."""


@dataclass(frozen=True, slots=True)
class ParserProperties:
    """What every parser can be told."""

    name: str = setting("name", TEXT, "As inputs and filters name it.", default="")
    format: str = setting("format", TEXT, "json, regex, logfmt or ltsv.", default="")
    time_key: str | None = optional("time_key", TEXT, "The field that holds the time.")
    time_format: str | None = optional(
        "time_format", TEXT, "How it is written: strptime's letters, %L for the fraction."
    )
    time_offset: int = setting(
        "time_offset", OFFSET, "The offset of a time that has none, such as +0200.", default=0
    )
    time_zone: str | None = optional(
        "time_zone", TEXT, "The zone of a time that has no offset, such as Europe/Berlin."
    )
    time_system_timezone: bool = setting(
        "time_system_timezone",
        FLAG,
        "The same, with the zone of the process (TZ, /etc/localtime).",
        default=False,
    )
    time_keep: bool = setting("time_keep", FLAG, "Leave the field in the record.", default=False)
    time_strict: bool = setting(
        "time_strict",
        FLAG,
        "Accepted: a record whose time cannot be read keeps the field and gets the time at "
        "which it was read.",
        default=True,
    )
    types: tuple[tuple[str, str], ...] = setting(
        "types",
        TYPES,
        "Types of fields: name:integer, float, bool, hex or string; json keeps its own.",
        default=(),
    )
    decode_field: tuple[tuple[str, ...], ...] = repeated(
        "decode_field", words(2, "DECODER FIELD"), "Decode a field; a map adds its fields."
    )
    decode_field_as: tuple[tuple[str, ...], ...] = repeated(
        "decode_field_as", words(2, "DECODER FIELD"), "Decode a field in its place."
    )


def _zone_of(properties: ParserProperties) -> Zone | None:
    """Return what says the offset of a time that has none; raises ValueError with a sentence."""
    name = properties.time_zone
    if name is None:
        return SystemZone() if properties.time_system_timezone else None
    if properties.time_system_timezone or properties.time_offset:
        other = "time_system_timezone" if properties.time_system_timezone else "time_offset"
        raise ValueError(f"time_zone: cannot be given beside {other}; take one of them")
    if not properties.time_format:
        raise ValueError("time_zone: needs time_format")
    try:
        return named_zone(name)
    except ValueError as error:
        raise ValueError(f"time_zone: {error}") from None


@dataclass(frozen=True, slots=True)
class Finishing:
    """What is done with the fields once the text has been taken apart."""

    time_key: str
    time_format: TimeFormat | None
    time_keep: bool
    casts: Mapping[str, str]
    decoders: tuple[Decoder, ...]

    @classmethod
    def of(cls, properties: ParserProperties) -> Finishing:
        """Return what the properties ask for; raises ValueError with a sentence."""
        source = properties.time_format
        zone = _zone_of(properties)
        compiled = TimeFormat.compile(source, properties.time_offset, zone) if source else None
        decoders = [make_decoder(rule, in_place=False) for rule in properties.decode_field] + [
            make_decoder(rule, in_place=True) for rule in properties.decode_field_as
        ]
        return cls(
            properties.time_key or DEFAULT_TIME_KEY,
            compiled,
            properties.time_keep,
            dict(properties.types),
            tuple(decoders),
        )

    @property
    def changes_fields(self) -> bool:
        """Whether a record does not stay as it was written."""
        drops_time = self.time_format is not None and not self.time_keep
        return drops_time or bool(self.casts) or bool(self.decoders)

    def finish(self, fields: Fields, now: int) -> int | None:
        """Cast and decode the fields in place; return the time, None when there is none."""
        for decode in self.decoders:
            decode(fields)
        if self.casts:
            cast_fields(fields, self.casts)
        if self.time_format is None:
            return None
        value: Any = fields.get(self.time_key)
        if value is None:
            return None
        time = self.time_format.parse(str(value), now)
        if time is not None and not self.time_keep:
            del fields[self.time_key]
        return time
