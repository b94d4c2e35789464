"""The command `pillion-log-agent`."""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from typing import TYPE_CHECKING

from pillion.errors import PillionError
from pillion.process import ProcessSettings, WebSettings, launch
from pillion.settings import Address, Command, Override
from pillion_log_agent.peer_flags import read_flags, read_fluentd_flags
from pillion_log_agent.settings import AgentSettings

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.process import Context, Service
    from pillion.settings import Values

COMMAND = Command(
    "pillion-log-agent",
    "Reads, parses, filters, routes and ships logs, with nothing lost; takes fluent-bit's "
    "configuration.",
    (AgentSettings, WebSettings, ProcessSettings),
    {"web.listen-address": Override(default=(Address("", 2020),))},
)


def main() -> int:
    """Run the command; return the exit status."""
    try:
        arguments = _arguments(sys.argv[1:])
    except (PillionError, OSError, ValueError) as error:
        print(f"{COMMAND.name}: {error}", file=sys.stderr)  # noqa: T201  # there is no log yet
        return 2
    if arguments[:1] == ["replay"]:
        from pillion_log_agent.replay import main as replay  # noqa: PLC0415  # only for this

        return replay(arguments[1:])
    if any(argument.lstrip("-").startswith("config.") for argument in arguments):
        return launch(COMMAND, partial(_show_or_run, arguments), arguments)
    return _run(arguments)


def _arguments(given: list[str]) -> list[str]:
    """Return our own flags for a command line of ours, of fluent-bit or of fluentd."""
    fluentd = os.environ.get("FLUENTD_ARGS", "")
    if given[:1] == ["replay"]:
        return given
    line = read_flags([*read_fluentd_flags(shlex.split(fluentd)), *given])
    if line.directory is not None:
        os.chdir(line.directory)
    text = line.configuration(os.getcwd())
    if not text:
        return [*line.arguments, *(["-c", line.file] if line.file is not None else [])]
    # A file without a name: it is read again at a reload, and nothing has to be writable.
    descriptor = os.memfd_create("command-line", 0)
    os.write(descriptor, text.encode())
    return [*line.arguments, "-c", f"/proc/self/fd/{descriptor}"]


def _show_or_run(arguments: list[str], values: Values, _log: Logger) -> int:
    settings = values[AgentSettings]
    if not (settings.config_convert or settings.config_explain):
        return _run(arguments)
    from pillion_log_agent.show import show  # noqa: PLC0415  # only for this

    print(show(settings, os.environ), end="")  # noqa: T201  # what was asked for
    return 0


def _run(arguments: list[str]) -> int:
    from pillion.process.run import run  # asyncio and the web server: 11 MB  # noqa: PLC0415
    from pillion_log_agent.service_flags import with_service  # the configuration  # noqa: PLC0415

    return run(COMMAND, _build, with_service(COMMAND, arguments, os.environ))


def _build(context: Context) -> Service:
    from pillion_log_agent.service import Agent  # noqa: PLC0415  # as above

    return Agent(context)
