"""The properties of the output `kafka`."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.kinds import FLAG, LIST, PAIR, TEXT, choice

_NOT_HERE = {
    "bootstrap.servers": "use brokers",
    "metadata.broker.list": "use brokers",
    "client.id": "use client_id",
    "plugin.library.paths": "no code is loaded by a configuration",
    "transactional.id": "a chunk that is sent again would need the transaction before",
}


def _option(text: str) -> tuple[str, str]:
    name, value = PAIR.parse(text)
    if name.endswith("_cb") or name in _NOT_HERE:
        instead = _NOT_HERE.get(name, "it is a function")
        raise ValueError(f"has {name}, which is not supported; {instead}")
    return name, value


OPTION: Kind[tuple[str, str]] = Kind("VALUE", _option, " ".join)


@dataclass(frozen=True, slots=True)
class KafkaProperties:
    """The properties of `kafka`."""

    brokers: tuple[str, ...] = setting(
        "brokers", LIST, "Brokers to begin with, host:port.", default=()
    )
    topics: tuple[str, ...] = setting(
        "topics", LIST, "Topics; the first takes what names no other.", default=("fluent-bit",)
    )
    topic_key: str | None = optional("topic_key", TEXT, "The field that names one of the topics.")
    dynamic_topic: bool = setting(
        "dynamic_topic", FLAG, "That field may name any topic.", default=False
    )
    format: str = setting(
        "format", choice("json", "msgpack", "gelf", "raw"), "What a message is.", default="json"
    )
    raw_log_key: str | None = optional(
        "raw_log_key", TEXT, "The field that is the message, with format raw."
    )
    message_key: str | None = optional("message_key", TEXT, "The key of every message.")
    message_key_field: str | None = optional(
        "message_key_field", TEXT, "The field that is the key, where a record has it."
    )
    timestamp_key: str = setting(
        "timestamp_key", TEXT, "The field that the time goes into.", default="@timestamp"
    )
    timestamp_format: str = setting(
        "timestamp_format",
        choice("double", "iso8601", "iso8601_ns"),
        "How it is written there.",
        default="double",
    )
    client_id: str = setting("client_id", TEXT, "How brokers see this.", default="pillion")
    gelf_timestamp_key: str | None = optional(
        "gelf_timestamp_key", TEXT, "The field of the time, in seconds."
    )
    gelf_host_key: str = setting("gelf_host_key", TEXT, "The field of the host.", default="host")
    gelf_short_message_key: str = setting(
        "gelf_short_message_key", TEXT, "The field of the message.", default="short_message"
    )
    gelf_full_message_key: str = setting(
        "gelf_full_message_key", TEXT, "The field of the whole message.", default="full_message"
    )
    gelf_level_key: str = setting(
        "gelf_level_key", TEXT, "The field of the level.", default="level"
    )
    rdkafka: tuple[tuple[str, str], ...] = repeated(
        "rdkafka.*",
        OPTION,
        "Any option of librdkafka, such as rdkafka.security.protocol or rdkafka.compression.codec",
    )
