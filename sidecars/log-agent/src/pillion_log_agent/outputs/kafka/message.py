"""The records of a batch as messages. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from pillion_log_agent.outputs.gelf_message import GelfKeys, messages
from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.wire import from_wire, interleaved, json_of, split_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.outputs.kafka.properties import KafkaProperties
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

LONGEST_TOPIC = 249
_BESIDE_LETTERS = str.maketrans("", "", "._-")


class Message(NamedTuple):
    """One message; with no value there is nothing to send of the record."""

    topic: str
    key: bytes | None
    value: bytes | None


class Messages:
    """Makes messages as the properties say."""

    def __init__(self, properties: KafkaProperties) -> None:
        self._properties = properties
        self._known = frozenset(properties.topics)
        self._key = properties.message_key.encode() if properties.message_key else None
        self._gelf = GelfKeys(
            properties.gelf_timestamp_key,
            properties.gelf_host_key,
            properties.gelf_short_message_key,
            properties.gelf_full_message_key,
            properties.gelf_level_key,
            None,
        )
        self._values = _VALUES[properties.format]

    def of(self, batch: Batch) -> list[Message]:
        """Return a message for each record."""
        values = self._values(batch, self._properties, self._gelf)
        topics = self._topics(batch)
        keys = self._keys(batch)
        return list(map(Message, topics, keys, values))

    def _topics(self, batch: Batch) -> list[str]:
        properties = self._properties
        default = properties.topics[0]
        if properties.topic_key is None:
            return [default] * len(batch)
        (named,) = batch.values(properties.topic_key)
        return [each if isinstance(each, str) and self._may_be(each) else default for each in named]

    def _may_be(self, topic: str) -> bool:
        if topic in self._known:
            return True
        is_known_form = topic.isascii() and topic.translate(_BESIDE_LETTERS).isalnum()
        return self._properties.dynamic_topic and is_known_form and len(topic) <= LONGEST_TOPIC

    def _keys(self, batch: Batch) -> list[bytes | None]:
        field = self._properties.message_key_field
        if field is None:
            return [self._key] * len(batch)
        (found,) = batch.values(field)
        return [
            each.encode("utf-8", "replace") if isinstance(each, str) else self._key
            for each in found
        ]


def _json(batch: Batch, properties: KafkaProperties, _gelf: GelfKeys) -> list[bytes | None]:
    name = json_of(properties.timestamp_key)
    times = [from_wire(json_of(each)).decode() for each in _timestamps(batch, properties)]
    text = interleaved(f"{{{name}:", times, batch.rows(","), "}\n")
    return [from_wire(each) for each in split_rows(text[:-1])] if len(batch) else []


def _msgpack(batch: Batch, properties: KafkaProperties, _gelf: GelfKeys) -> list[bytes | None]:
    pack = msgpack.Packer(unicode_errors="surrogatepass").pack
    key = properties.timestamp_key
    rows = zip(_timestamps(batch, properties), batch.decoded(), strict=True)
    return [pack({key: time} | _packable(record)) for time, record in rows]


def _gelf(batch: Batch, _properties: KafkaProperties, gelf: GelfKeys) -> list[bytes | None]:
    return list(messages(batch, gelf))


def _raw(batch: Batch, properties: KafkaProperties, _gelf: GelfKeys) -> list[bytes | None]:
    (found,) = batch.values(str(properties.raw_log_key))
    return [each.encode("utf-8", "replace") if isinstance(each, str) else None for each in found]


def _timestamps(batch: Batch, properties: KafkaProperties) -> list[Any]:
    if properties.timestamp_format == "double":
        return [time / SECOND for time in batch.times.nanoseconds()]
    digits = 6 if properties.timestamp_format == "iso8601" else 9
    return [f"{time}Z" for time in batch.times.iso(digits)]


def _packable(record: Record) -> Record:
    """Return a record whose numbers fit into MessagePack: others are text."""
    return {
        key: str(value)
        if type(value) is int and not -(2**63) <= value < 2**64
        else _packable(value)
        if isinstance(value, dict)
        else value
        for key, value in record.items()
    }


_VALUES: dict[str, Callable[[Batch, KafkaProperties, GelfKeys], list[bytes | None]]] = {
    "json": _json,
    "msgpack": _msgpack,
    "gelf": _gelf,
    "raw": _raw,
}
