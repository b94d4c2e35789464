"""The output `kafka` at work: every record is acknowledged by the broker before it counts.

librdkafka produces: it has every option that configurations name, its retries are idempotent, and
its wheel brings TLS and SASL. Its threads do the work; here is only waited for what they say.

Source: librdkafka's CONFIGURATION.md and INTRODUCTION.md ("Idempotent producer").
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.outputs.kafka.message import Messages
from pillion_log_agent.outputs.output import Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_log_agent.outputs.kafka.message import Message
    from pillion_log_agent.outputs.kafka.properties import KafkaProperties
    from pillion_log_agent.outputs.output import OutputContext
    from pillion_log_agent.records.batch import Batch

DELIVERY_MS = 30_000
"""How long librdkafka tries by itself; then the chunk is retried as those of other outputs are."""
_POLL = 0.1
_ALL = ("all", "-1")
_DEFAULTS = {
    "acks": "all",
    "enable.idempotence": "true",
    "message.timeout.ms": str(DELIVERY_MS),
    "linger.ms": "5",
    # What is in flight is bounded by the agent.
    "queue.buffering.max.messages": "1000000",
    "log.connection.close": "false",
}
_ALIASES = {"request.required.acks": "acks", "delivery.timeout.ms": "message.timeout.ms"}
_TOO_LARGE = "MSG_SIZE_TOO_LARGE"
_REFUSED = {
    _TOO_LARGE: "too_large",
    "TOPIC_EXCEPTION": "invalid_topic",
    "_INVALID_ARG": "invalid_argument",
    "INVALID_RECORD": "invalid_record",
    "POLICY_VIOLATION": "policy",
}


class KafkaOutput:
    """Produces messages, and waits for the broker's word on each."""

    delay = True

    def __init__(self, properties: KafkaProperties, context: OutputContext) -> None:
        if properties.format == "raw" and properties.raw_log_key is None:
            raise ConfigurationError("raw_log_key is missing; format raw needs it")
        if not properties.topics:
            raise ConfigurationError("topics: is empty; name one at least")
        if not properties.brokers:
            raise ConfigurationError("brokers: is empty; write host:port, with commas")
        self._log = context.log
        self._messages = Messages(properties)
        self._options = options_of(properties)
        if self._options["acks"] not in _ALL:
            context.log.warning(
                "the broker acknowledges before its replicas have a record; where it fails then, "
                "the record is lost",
                acks=self._options["acks"],
            )
        self._check()
        self._options["bootstrap.servers"] = ",".join(properties.brokers)
        self._producer: Any = None
        self._cause = ""

    def _check(self) -> None:
        """Have librdkafka read the options; without brokers it connects to nobody."""
        try:
            import confluent_kafka  # 7 MB  # noqa: PLC0415
        except ImportError:
            raise ConfigurationError(
                "kafka needs confluent-kafka, which is not installed: "
                "pip install 'pillion-log-agent[kafka]'"
            ) from None
        try:
            confluent_kafka.Producer(self._options, logger=_silent())
        except confluent_kafka.KafkaException as error:
            raise ConfigurationError(f"rdkafka.*: {error.args[0].str()}") from None

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Send the batches, and return once the broker has answered for each record.

        Raises:
            TransientError: it has taken none.
        """
        self._cause = ""
        producer = self._connected()
        placed = [
            ((number, index), message)
            for number, batch in enumerate(batches)
            for index, message in enumerate(self._messages.of(batch))
        ]
        found = await _answers(producer, placed)
        # The broker refuses what was sent together as a whole: each is sent by itself once more.
        for place, message in placed:
            if message.value is not None and _name(found[place]) == _TOO_LARGE:
                found |= await _answers(producer, [(place, message)])
        rejected: list[Rejection] = []
        again: list[tuple[int, int]] = []
        for place, message in placed:
            error = found[place]
            if message.value is None:
                rejected.append(Rejection(*place, "no_value", "has no raw_log_key"))
            elif (reason := _REFUSED.get(_name(error))) is not None:
                rejected.append(Rejection(*place, reason, error.str()))
            elif error is not None:
                again.append(place)
                self._cause = self._cause or error.str()
        if len(again) == len(placed):
            raise TransientError(f"kafka: {self._cause}", reason="kafka")
        return Outcome(rejected, again, cause=self._cause)

    def _connected(self) -> Any:
        if self._producer is None:
            import confluent_kafka  # as above  # noqa: PLC0415

            options = {**self._options, "error_cb": self._note_error}
            self._producer = confluent_kafka.Producer(options, logger=_silent())
        return self._producer

    def _note_error(self, error: Any) -> None:
        self._cause = error.str()
        if error.fatal():
            # An idempotent producer that has lost its place goes on as a new one.
            self._producer = None

    async def close(self) -> None:
        """Let it go; what was not answered for was not acknowledged."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            await asyncio.to_thread(producer.poll, 0)


async def _answers(
    producer: Any, placed: Sequence[tuple[tuple[int, int], Message]]
) -> dict[tuple[int, int], Any]:
    """Return what the broker has answered for each message: None, or the error."""
    found: dict[tuple[int, int], Any] = {}

    def answered(place: tuple[int, int], error: Any, _message: Any = None) -> None:
        found[place] = error

    for place, message in placed:
        if message.value is None:
            found[place] = None
        else:
            await _produce(producer, message, partial(answered, place))
    while len(found) < len(placed):
        await asyncio.to_thread(producer.poll, _POLL)
    return found


async def _produce(producer: Any, message: Message, answered: Callable[..., None]) -> None:
    import confluent_kafka  # as above  # noqa: PLC0415

    while True:
        try:
            # The time is that of the broker: it refuses what lies too far ahead.
            producer.produce(message.topic, message.value, message.key, on_delivery=answered)
        except BufferError:
            await asyncio.to_thread(producer.poll, _POLL)
        except confluent_kafka.KafkaException as error:
            answered(error.args[0])
            return
        else:
            return


def _name(error: Any) -> str:
    return "" if error is None else str(error.name())


def options_of(properties: KafkaProperties) -> dict[str, str]:
    """Return the options of librdkafka; raises ConfigurationError where two contradict."""
    given = {_ALIASES.get(name, name): value for name, value in properties.rdkafka}
    options = {**_DEFAULTS, "client.id": properties.client_id, **given}
    if options["acks"] not in _ALL:
        if given.get("enable.idempotence", "false").lower() == "true":
            raise ConfigurationError("rdkafka.enable.idempotence: true needs acks all")
        options["enable.idempotence"] = "false"
    return options


def _silent() -> logging.Logger:
    """Return a logger for what librdkafka says of each attempt: errors come by the outcome."""
    logger = logging.Logger("librdkafka")  # noqa: LOG001  # it is to be nobody else's
    logger.addHandler(logging.NullHandler())
    return logger
