"""The output kafka, before a real broker."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import msgpack
import pytest

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.section import Entry, Place, Problems, Section
from pillion_log_agent.outputs.kafka.declaration import KAFKA
from pillion_log_agent.outputs.kafka.message import Message, Messages
from pillion_log_agent.outputs.kafka.output import KafkaOutput, options_of
from pillion_log_agent.outputs.output import OutputContext
from tests.servers.certificates import Authority
from tests.servers.kafka.broker import LARGEST, PASSWORD, USER, kafka_broker
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_filters import NOW, batch
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.kafka.broker import Broker

confluent_kafka = pytest.importorskip("confluent_kafka")
PLACE = Place("test", 1)
BROKERS = ("brokers", "127.0.0.1:1")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Broker]:
    with kafka_broker(tmp_path_factory.mktemp("kafka"), authority.issue("127.0.0.1")) as running:
        yield running


def properties(*entries: tuple[str, str]) -> Any:
    problems = Problems()
    section = Section("output", PLACE, tuple(Entry(key, value, PLACE) for key, value in entries))
    own, _ = read_properties(section, KAFKA, None, problems)
    problems.raise_if_any()
    return own


def made(*entries: tuple[str, str]) -> KafkaOutput:
    return KafkaOutput(properties(*entries), OutputContext("kafka.0", Logger(), lambda: NOW))


def messages(record: dict[str, Any], *entries: tuple[str, str]) -> Message:
    (found,) = Messages(properties(BROKERS, *entries)).of(batch(record))
    return found


def consumed(broker: Broker, topic: str, count: int) -> list[tuple[bytes | None, bytes]]:
    """Return so many messages of a topic, and those that come in a second more."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": f"127.0.0.1:{broker.port}", "group.id": topic,
         "auto.offset.reset": "earliest", "log_level": 0}
    )  # fmt: skip
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    found: list[tuple[bytes | None, bytes]] = []
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            got = consumer.consume(1000, timeout=1.0)
            found += [(each.key(), each.value()) for each in got if each.error() is None]
            if not got and len(found) >= count:
                break
    finally:
        consumer.close()
    return found


def test_a_message_is_json_with_the_time() -> None:
    found = messages({"a": "é", "n": 1})
    assert found == Message("fluent-bit", None, found.value)
    assert json.loads(found.value or b"") == {"@timestamp": NOW / 1e9, "a": "é", "n": 1}
    assert json.loads(messages({}).value or b"") == {"@timestamp": NOW / 1e9}


def test_a_message_is_msgpack_gelf_or_one_field() -> None:
    found = messages({"a": {"b": 2**70}}, ("format", "msgpack"), ("timestamp_format", "iso8601"))
    assert msgpack.unpackb(found.value) == {
        "@timestamp": "2026-11-21T10:00:00.000000Z", "a": {"b": str(2**70)}
    }  # fmt: skip
    gelf = json.loads(
        messages({"short_message": "m", "host": "h"}, ("format", "gelf")).value or b""
    )
    assert (gelf["version"], gelf["short_message"], gelf["host"]) == ("1.1", "m", "h")
    raw = (("format", "raw"), ("raw_log_key", "log"))
    assert messages({"log": "line"}, *raw).value == b"line"
    assert messages({"log": 5}, *raw).value is None


@pytest.mark.parametrize(
    ("entries", "record", "topic", "key"),
    [
        ([("topics", "a,b"), ("topic_key", "t")], {"t": "b"}, "b", None),
        ([("topics", "a,b"), ("topic_key", "t")], {"t": "c"}, "a", None),
        (
            [("topics", "a"), ("topic_key", "t"), ("dynamic_topic", "on")],
            {"t": "x.y-1"},
            "x.y-1",
            None,
        ),
        ([("topics", "a"), ("topic_key", "t"), ("dynamic_topic", "on")], {"t": "x y"}, "a", None),
        ([("topics", "a"), ("topic_key", "t"), ("dynamic_topic", "on")], {"t": ".."}, "a", None),
        ([("topics", "a"), ("message_key", "k")], {}, "a", b"k"),
        (
            [("topics", "a"), ("message_key", "k"), ("message_key_field", "f")],
            {"f": "v"},
            "a",
            b"v",
        ),
        ([("topics", "a"), ("message_key", "k"), ("message_key_field", "f")], {"f": 1}, "a", b"k"),
    ],
)
def test_topic_and_key_of_a_message(
    entries: list[tuple[str, str]], record: dict[str, Any], topic: str, key: bytes | None
) -> None:
    found = messages(record, *entries)
    assert (found.topic, found.key) == (topic, key)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("rdkafka.no.such.thing", "1"), BROKERS], "no.such.thing"),
        ([("rdkafka.compression.codec", "rar"), BROKERS], "compression.codec"),
        ([("rdkafka.metadata.broker.list", "x"), BROKERS], "use brokers"),
        ([("rdkafka.error_cb", "x"), BROKERS], "it is a function"),
        (
            [("rdkafka.acks", "1"), ("rdkafka.enable.idempotence", "true"), BROKERS],
            "needs acks all",
        ),
        ([("format", "raw"), BROKERS], "raw_log_key is missing"),
        ([("brokers", ",")], "brokers: is empty"),
        ([("topics", "a")], "brokers is missing"),
        ([("tls", "on"), BROKERS], "rdkafka.security.protocol"),
    ],
)
def test_what_cannot_be_is_refused_by_name(entries: list[tuple[str, str]], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        made(*entries)


def test_acknowledged_is_what_every_replica_has_unless_it_is_said_otherwise() -> None:
    options = options_of(properties(BROKERS))
    assert (options["acks"], options["enable.idempotence"]) == ("all", "true")
    options = options_of(properties(BROKERS, ("rdkafka.request.required.acks", "1")))
    assert (options["acks"], options["enable.idempotence"]) == ("1", "false")


async def test_a_message_that_is_too_large_is_refused_and_the_others_delivered(
    broker: Broker,
) -> None:
    output = made(("brokers", f"127.0.0.1:{broker.port}"), ("topics", "sizes"))
    large = "x" * (LARGEST + 1000)
    outcome = await output.write([batch({"n": 1}, {"n": 2, "x": large}, {"n": 3})])
    await output.close()
    assert [(each.index, each.reason) for each in outcome.rejected] == [(1, "too_large")]
    assert not outcome.again
    assert [json.loads(value)["n"] for _, value in consumed(broker, "sizes", 2)] == [1, 3]


CONFIGURATION = """
[SERVICE]
    flush 0.05
    scheduler.base 1
    scheduler.cap 1
[INPUT]
    name tail
    path {folder}/app.log
    read_from_head on
    db {folder}/db
[OUTPUT]
    name kafka
    match *
    {more}
"""


def configured(folder: Path, *more: str) -> Path:
    path = folder / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=folder, more="\n    ".join(more)))
    return path


def test_tls_and_a_user(tmp_path: Path, broker: Broker, authority: Authority) -> None:
    path = configured(
        tmp_path,
        f"brokers 127.0.0.1:{broker.secure_port}",
        "topics secure",
        "message_key k",
        "rdkafka.security.protocol sasl_ssl",
        f"rdkafka.ssl.ca.location {authority.path}",
        "rdkafka.sasl.mechanism PLAIN",
        f"rdkafka.sasl.username {USER}",
        f"rdkafka.sasl.password {PASSWORD}",
    )
    (tmp_path / "app.log").write_text("a\nb\n")
    with agent(path, "--log.level=debug") as running:
        eventually(lambda: running.records("delivered"), lambda count: count == 2)
    assert PASSWORD not in running.started.log
    found = consumed(broker, "secure", 2)
    assert [(key, json.loads(value)["log"]) for key, value in found] == [(b"k", "a"), (b"k", "b")]


def test_a_broker_that_goes_and_returns_loses_nothing(tmp_path: Path, broker: Broker) -> None:
    path = configured(
        tmp_path,
        f"brokers 127.0.0.1:{broker.port}",
        "topics outage",
        "rdkafka.message.timeout.ms 2000",
        "rdkafka.reconnect.backoff.max.ms 500",
    )
    log = tmp_path / "app.log"
    log.write_text("".join(f"{number}\n" for number in range(500)))
    with agent(path) as running:
        eventually(lambda: running.records("delivered"), lambda count: count == 500)
        broker.stop()
        with log.open("a") as file:
            file.writelines(f"{number}\n" for number in range(500, 1000))
        eventually(lambda: running.started.log, lambda text: "kafka" in text and "retry" in text)
        assert running.records("delivered") == 500
        running.kill()
    broker.start()
    with agent(path) as running:
        eventually(lambda: running.records("delivered"), lambda count: count >= 500)
    assert balances(summary(running.started.log))
    found = [json.loads(value)["log"] for _, value in consumed(broker, "outage", 1000)]
    assert list(dict.fromkeys(found)) == [str(number) for number in range(1000)]
