from __future__ import annotations

from dataclasses import dataclass

import pytest

from pillion.errors import ConfigurationError
from pillion.settings import (
    DURATION,
    TEXT,
    Command,
    parse,
    repeated,
    setting,
    switch,
)


@dataclass(frozen=True, slots=True)
class Queue:
    timeout: float = setting("queue.timeout", DURATION, "How long.", default=5.0, env="TIMEOUT")
    names: tuple[str, ...] = repeated("queue.name", TEXT, "Which.")
    quiet: bool = switch("queue.quiet", "Say less.")


COMMAND = Command("queue-exporter", "Measures queues.", (Queue,))


def read(text: str, *arguments: str, **environment: str) -> Queue:
    flags = ("--settings.file=s.yml", *arguments)
    return parse(COMMAND, flags, environment, read=lambda _path: text)[Queue]


def test_a_settings_file_is_nested_by_the_dots() -> None:
    text = "queue:\n  timeout: 2s\n  name: [a, b]\n  quiet: true\n"
    assert read(text) == Queue(2.0, ("a", "b"), quiet=True)


def test_one_value_serves_for_a_list_of_one() -> None:
    assert read("queue: {name: a}").names == ("a",)


def test_flags_and_variables_beat_the_file() -> None:
    assert read("queue: {timeout: 2s}", TIMEOUT="3s").timeout == 3.0
    assert read("queue: {timeout: 2s}", "--queue.timeout=4s", TIMEOUT="3s").timeout == 4.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "queue:\n  timout: 2s\n",
            "s.yml:2: queue.timout: unknown setting; did you mean 'queue.timeout'?",
        ),
        (
            "queue:\n  timeout: soon\n",
            "s.yml:2: queue.timeout: 'soon' is not a duration; use a number and a unit, such as "
            "5s, 500ms or 1m30s",
        ),
        ("queue:\n  timeout: [1s]\n", "s.yml:2: queue.timeout: must be one value, a DURATION"),
        ("queue: 5\n", "s.yml:1: queue: must be a mapping"),
        ("queue:\n  name: [a, {b: c}]", "s.yml:2: queue.name[1]: must be one value, a TEXT"),
    ],
)
def test_what_is_wrong_in_it_is_named_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(text)
    assert str(error.value) == sentence


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^/nowhere: cannot be read: No such file"):
        parse(COMMAND, [], {"PILLION_SETTINGS_FILE": "/nowhere"})
