"""`pillion-log-agent replay FILE`: sends the records of a dead-letter file again."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from pillion.errors import ConfigurationError, UsageError
from pillion.process import ProcessSettings, launch
from pillion.settings import Command
from pillion_log_agent.configuration.load import default_path, load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.patterns.times import TimeFormat
from pillion_log_agent.pipeline.build import PipelineContext, build_pipeline
from pillion_log_agent.pipeline.deadletter import DeadLetters
from pillion_log_agent.pipeline.delivery import Delivery
from pillion_log_agent.pipeline.ledger import Ledger
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.receipt import Receipt, Undivided
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.settings import AgentSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.log import Logger
    from pillion.settings import Values

COMMAND = Command(
    "pillion-log-agent replay",
    "Sends the records of a dead-letter file again, each to the output that refused it.",
    (AgentSettings, ProcessSettings),
    arguments="FILE",
)
_ISO = TimeFormat.compile("%Y-%m-%dT%H:%M:%S.%L%z")
_FIELDS = {"output": str, "tag": str, "source": str, "identity": str, "time": str}


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit status."""
    return launch(COMMAND, lambda values, log: asyncio.run(_replay(values, log)), arguments)


async def _replay(values: Values, log: Logger) -> int:
    if len(values.arguments) != 1:
        raise UsageError("replay takes one file")
    (path,) = values.arguments
    letters = read_letters(path)
    settings = values[AgentSettings]
    problems = Problems()
    around = PipelineContext(
        log=log,
        ledger=Ledger(),
        dead_letters=DeadLetters(f"{path}.refused", settings.dead_letter_limit, log, time.time_ns),
        wall_ns=time.time_ns,
        environment=os.environ,
        state=None,
        in_flight_bytes=settings.buffer_limit,
    )
    configuration = load(default_path(settings.config_file), os.environ, problems)
    pipeline = build_pipeline(configuration, around, problems)
    problems.raise_if_any()
    assert pipeline is not None
    dispatchers = {target.dispatcher.name: target.dispatcher for target in pipeline.targets}
    unknown = {letter["output"] for letter in letters} - set(dispatchers)
    if unknown:
        raise ConfigurationError(
            f"{path}: names the output {min(unknown)}, which the configuration has not"
        )
    workers = [asyncio.ensure_future(dispatcher.run()) for dispatcher in dispatchers.values()]
    for output, batch in batches_of(letters):
        around.ledger.take(len(batch))
        delivery = Delivery(len(batch), around.ledger, Receipt(Undivided(_nothing)))
        dispatchers[output].put(batch, delivery, Receipt(delivery))
    for dispatcher in dispatchers.values():
        dispatcher.drain()
    while not all(dispatcher.is_idle for dispatcher in dispatchers.values()):
        ended, _ = await asyncio.wait(workers, timeout=0.05)
        for worker in ended:
            worker.result()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    for dispatcher in dispatchers.values():
        await dispatcher.output.close()
    around.dead_letters.close()
    log.info("replayed", **around.ledger.summary())
    return 0


def read_letters(path: str) -> list[dict[str, Any]]:
    """Return the letters of a file.

    Raises:
        ConfigurationError: it cannot be read, or a line is no letter.
    """
    letters = []
    try:
        with open(path, "rb") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        try:
            letter = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            letter = None
        if not is_letter(letter):
            raise ConfigurationError(f"{path}:{number}: is no line of a dead-letter file")
        letters.append(letter)
    return letters


def is_letter(value: Any) -> bool:
    """Whether a value has all that a letter has."""
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), kind) for key, kind in _FIELDS.items())
        and isinstance(value.get("record"), dict)
        and isinstance(value.get("offset"), int)
        and _ISO.parse(value["time"], 0) is not None
    )


def batches_of(letters: Sequence[dict[str, Any]]) -> list[tuple[str, Batch]]:
    """Return the records in batches, each with its output."""
    grouped: defaultdict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for letter in letters:
        key = (letter["output"], letter["tag"], letter["source"], letter["identity"])
        grouped[key].append(letter)
    return [
        (
            output,
            Batch(
                tag,
                Origin("replay", source, identity),
                Timestamps([_ISO.parse(each["time"], 0) or 0 for each in found]),
                records=[each["record"] for each in found],
                offsets=[each["offset"] for each in found],
            ),
        )
        for (output, tag, source, identity), found in grouped.items()
    ]


def _nothing() -> None:
    """Nothing waits for what is replayed."""
