"""From the command line to an exit status: the part that needs no event loop."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pillion
from pillion.errors import PillionError
from pillion.log import Logger
from pillion.process.settings import ProcessSettings
from pillion.settings import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pillion.settings import Command, Values


def launch(
    command: Command,
    run: Callable[[Values, Logger], int],
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Read the settings, then run; return the exit status.

    0 is a good end, 2 a command line that is wrong, 1 any other error; each error is one line
    on standard error. `--help` and `--version` answer on standard output.

    Args:
        command: what can be typed; `ProcessSettings` is among its groups.
        run: the work, with the values and a logger made of them; returns an exit status.
        arguments: the command line, `sys.argv[1:]` when None.
        environment: the variables, `os.environ` when None.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if asked := _asked_for(command, arguments):
        print(asked, end="")  # noqa: T201  # the one thing that is meant for standard output
        return 0
    try:
        values = parse(command, arguments, os.environ if environment is None else environment)
        settings = values[ProcessSettings]
        log = Logger(level=settings.log_level, format=settings.log_format)
        return run(values, log)
    except PillionError as error:
        print(f"{command.name}: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code


def _asked_for(command: Command, arguments: Sequence[str]) -> str:
    for argument in arguments:
        if argument in ("--help", "-h", "-help", "--help-long"):
            from pillion.settings.help import help_text  # noqa: PLC0415  # only for this

            return help_text(command)
        if argument in ("--version", "-version"):
            return f"{command.name} {command.version or pillion.__version__}\n"
        if argument == "--":
            break
    return ""
