from __future__ import annotations

from dataclasses import dataclass

import pytest

import pillion
from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion.process import ProcessSettings, launch
from pillion.settings import COUNT, Command, Values, setting


@dataclass(frozen=True, slots=True)
class Queue:
    lines: int = setting("queue.lines", COUNT, "How many.", default=3)


COMMAND = Command("queue-exporter", "Measures queues.", (Queue, ProcessSettings))


def test_what_runs_gets_the_values_and_gives_the_exit_status() -> None:
    seen: list[int] = []

    def run(values: Values, log: Logger) -> int:
        assert isinstance(log, Logger)
        seen.append(values[Queue].lines)
        return 7

    assert launch(COMMAND, run, ["--queue.lines=5"], {}) == 7
    assert seen == [5]


@pytest.mark.parametrize("flag", ["--help", "-h", "-help"])
def test_help_is_on_standard_output_and_a_good_end(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch(COMMAND, lambda _values, _log: 1, [flag], {}) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("usage: queue-exporter [FLAGS]\n")
    assert "--drain.timeout=DURATION" in shown.out
    assert shown.err == ""


def test_version_names_the_command_and_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(COMMAND, lambda _values, _log: 1, ["--version"], {}) == 0
    assert capsys.readouterr().out == f"queue-exporter {pillion.__version__}\n"


def test_a_wrong_command_line_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert launch(COMMAND, lambda _values, _log: 0, ["--queue.lnies=5"], {}) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "queue-exporter: unknown flag --queue.lnies; did you mean --queue.lines?\n"
    )


def test_a_wrong_configuration_is_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_values: Values, _log: Logger) -> int:
        raise ConfigurationError("ca.crt: cannot be read: No such file or directory")

    assert launch(COMMAND, run, [], {}) == 1
    assert capsys.readouterr().err == (
        "queue-exporter: ca.crt: cannot be read: No such file or directory\n"
    )
