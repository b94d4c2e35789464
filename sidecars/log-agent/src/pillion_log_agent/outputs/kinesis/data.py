"""The data of each record, and the shard that it goes to. Pure."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.outputs.aws.content import texts
from pillion_log_agent.patterns.strftime import format_precise
from pillion_log_agent.records.accessor import parse_accessor
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from pillion_log_agent.outputs.kinesis.properties import RecordProperties
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

LONGEST_KEY = 256
"""Characters of a partition key, which is Kinesis's limit."""
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class DataFormat:
    """What the properties make of each record."""

    log_key: str | None
    kept: tuple[str, ...]
    time_key: str | None
    time_format: str
    dot: str | None
    end: str
    compresses: bool

    @classmethod
    def of(cls, properties: RecordProperties) -> DataFormat:
        """Return what properties ask for."""
        return cls(
            properties.log_key,
            properties.data_keys,
            properties.time_key,
            properties.time_key_format,
            properties.replace_dots,
            "\n" if properties.append_newline else "",
            properties.compression is not None,
        )

    def data(self, batch: Batch) -> list[bytes | None]:
        """Return the bytes of each record, None where it has no such field or nothing in it."""
        if self.log_key is not None:
            found = texts(batch, self.log_key)
        elif self.kept or self.dot is not None:
            found = [self._changed(record) for record in batch.decoded()]
        else:
            found = texts(batch, None)
        if self.time_key is not None and self.log_key is None:
            times = batch.times.nanoseconds()
            found = [
                text and self._with_time(text, time)
                for text, time in zip(found, times, strict=True)
            ]
        return [self._packed(text) if text else None for text in found]

    def _changed(self, record: Record) -> str:
        fields = {key: record[key] for key in self.kept if key in record} if self.kept else record
        if self.dot is not None:
            fields = _dotless(fields, self.dot)
        return from_wire(json_of(fields)).decode()

    def _with_time(self, text: str, time: int) -> str:
        assert self.time_key is not None
        shown = format_precise(self.time_format, time)
        comma = "" if text == "{}" else ","
        added = from_wire(json_of({self.time_key: shown})).decode()
        return f"{text[:-1]}{comma}{added[1:]}"

    def _packed(self, text: str) -> bytes:
        data = f"{text}{self.end}".encode("utf-8", "replace")
        return gzip.compress(data, _LEVEL, mtime=0) if self.compresses else data


def partition_keys(batch: Batch, field: str | None) -> list[str]:
    """Return the value of a field; else letters that spread records, and stay when sent again."""
    identity = batch.origin.identity
    spread = [f"{zlib.crc32(f'{identity}-{offset}'.encode()):08x}" for offset in batch.offsets]
    if field is None:
        return spread
    column = parse_accessor(field).column(batch)
    return [
        str(value)[:LONGEST_KEY] if value not in (None, "") else other
        for value, other in zip(column, spread, strict=True)
    ]


def _dotless(value: Any, dot: str) -> Any:
    if isinstance(value, dict):
        return {key.replace(".", dot): _dotless(each, dot) for key, each in value.items()}
    if isinstance(value, list):
        return [_dotless(each, dot) for each in value]
    return value
