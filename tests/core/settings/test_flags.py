from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.errors import ConfigurationError, UsageError
from pillion.settings import (
    ADDRESS,
    COUNT,
    DURATION,
    TEXT,
    Address,
    Command,
    Override,
    Values,
    optional,
    parse,
    repeated,
    setting,
    switch,
)


@dataclass(frozen=True, slots=True)
class Queue:
    timeout: float = setting("queue.timeout", DURATION, "How long.", default=5.0, env="TIMEOUT")
    names: tuple[str, ...] = repeated("queue.name", TEXT, "Which.", default=("in",))
    lines: int | None = optional("queue.lines", COUNT, "How many.", short="n")
    follow: bool = switch("queue.follow", "Go on.", short="F")
    quiet: bool = switch("queue.quiet", "Say less.", default=True, short="q")


COMMAND = Command("queue-exporter", "Measures queues.", (Queue,))
WITH_PATHS = Command("queue-reader", "Reads queues.", (Queue,), arguments="PATH...")


def read(*arguments: str, **environment: str) -> Queue:
    return parse(COMMAND, arguments, environment)[Queue]


def refused(*arguments: str, **environment: str) -> str:
    with pytest.raises(UsageError) as error:
        parse(COMMAND, arguments, environment)
    return str(error.value)


def test_nothing_given_is_all_defaults() -> None:
    assert read() == Queue(5.0, ("in",), None, follow=False, quiet=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--queue.timeout=2s",),
        ("--queue.timeout", "2s"),
        ("-queue.timeout=2s",),
        ("-queue.timeout", "2s"),
        ("--queue.timeout=9s", "--queue.timeout=2s"),
    ],
)
def test_a_flag_is_taken_in_every_spelling_and_the_last_one_counts(
    arguments: tuple[str, ...],
) -> None:
    assert read(*arguments).timeout == 2.0


def test_a_repeated_flag_collects_and_replaces_the_default() -> None:
    assert read("--queue.name=a", "-queue.name", "b").names == ("a", "b")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("--queue.quiet", True),
        ("--no-queue.quiet", False),
        ("-no-queue.quiet", False),
        ("--queue.quiet=false", False),
        ("-queue.quiet=true", True),
        ("-q", True),
    ],
)
def test_a_switch_is_turned_both_ways(argument: str, value: bool) -> None:  # noqa: FBT001
    assert read(argument).quiet is value


def test_short_flags_join_and_take_a_value_with_or_without_a_space() -> None:
    assert read("-Fn7") == Queue(lines=7, follow=True)
    assert read("-F", "-n", "7") == Queue(lines=7, follow=True)


def test_what_follows_two_dashes_is_no_flag() -> None:
    values = parse(WITH_PATHS, ["a", "--", "--queue.timeout=2s"], {})
    assert values.arguments == ("a", "--queue.timeout=2s")
    assert values[Queue].timeout == 5.0


def test_a_flag_beats_a_variable_and_a_variable_beats_the_default() -> None:
    assert read(TIMEOUT="3s").timeout == 3.0
    assert read("--queue.timeout=2s", TIMEOUT="3s").timeout == 2.0


def test_a_variable_without_a_name_of_its_own_has_the_prefix() -> None:
    assert read(PILLION_QUEUE_LINES="4").lines == 4


def test_an_empty_variable_is_an_unset_one() -> None:
    assert read(TIMEOUT="").timeout == 5.0


def test_a_repeated_variable_holds_one_value_a_line() -> None:
    assert read(PILLION_QUEUE_NAME="a\nb\n").names == ("a", "b")


def test_a_command_may_change_the_default_and_the_variable_of_a_shared_setting() -> None:
    command = Command("x", "X.", (Queue,), {"queue.timeout": Override(default=7.0, env="PATIENCE")})
    assert parse(command, [], {})[Queue].timeout == 7.0
    assert parse(command, [], {"PATIENCE": "1s"})[Queue].timeout == 1.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--queue.timout=2s",), "unknown flag --queue.timout; did you mean --queue.timeout?"),
        (("--zzz",), "unknown flag --zzz; see --help for those that there are"),
        (("-x",), "unknown flag -x; see --help for those that there are"),
        (
            ("--queue.timeout=soon",),
            "--queue.timeout: 'soon' is not a duration; use a number and a unit, such as 5s, "
            "500ms or 1m30s",
        ),
        (("--queue.timeout",), "--queue.timeout needs a value: --queue.timeout=DURATION"),
        (("-n",), "-n needs a value: -n=COUNT"),
        (("-n", "x"), "-n: 'x' is not a count; write a whole number from 0 up"),
        (("--no-queue.quiet=true",), "--no-queue.quiet=true: --no-queue.quiet takes no value"),
        (("--queue.quiet=maybe",), "--queue.quiet: 'maybe' is not a boolean; use true or false"),
        (("--no-queue.timeout",), "unknown flag --no-queue.timeout; did you mean --queue.timeout?"),
        (("file",), "unexpected argument 'file'; queue-exporter takes flags only"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    assert refused(*arguments) == sentence


def test_a_bad_variable_is_named() -> None:
    assert refused(TIMEOUT="x").startswith("TIMEOUT: 'x' is not a duration")


@given(st.lists(st.text(max_size=20), max_size=6))
def test_no_arguments_make_anything_but_values_or_a_usage_error(arguments: list[str]) -> None:
    try:
        assert isinstance(parse(WITH_PATHS, arguments, {}), Values)
    except ConfigurationError as error:
        # A settings file that happens to be named is not there: that is an error of its own.
        assert isinstance(error, UsageError) or "cannot be read" in str(error)


def test_the_address_of_an_override_is_kept() -> None:
    @dataclass(frozen=True, slots=True)
    class Web:
        listen: tuple[Address, ...] = repeated("web.listen-address", ADDRESS, "Where.")

    command = Command(
        "x", "X.", (Web,), {"web.listen-address": Override(default=(Address("", 9113),))}
    )
    assert parse(command, [], {})[Web].listen == (Address("", 9113),)
