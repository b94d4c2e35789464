"""The command `pillion-log-agent`."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.process import Context, Service
    from pillion.settings import Values


def main() -> int:
    """Run the command; return the exit status."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["replay"]:
        from pillion_log_agent.replay import main as replay  # noqa: PLC0415  # only for this

        return replay(arguments[1:])
    # As `hold_reload` has it, but before the imports: they are most of the time that a start takes.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    if any(argument.lstrip("-").startswith("config.") for argument in arguments):
        from pillion.process import launch  # noqa: PLC0415  # as above
        from pillion_log_agent.settings import COMMAND  # noqa: PLC0415  # as above

        return launch(COMMAND, _show_or_run, arguments)
    return _run(arguments)


def _show_or_run(values: Values, _log: Logger) -> int:
    from pillion_log_agent.settings import AgentSettings  # noqa: PLC0415  # as above

    settings = values[AgentSettings]
    if not (settings.config_convert or settings.config_explain):
        return _run(sys.argv[1:])
    from pillion_log_agent.show import show  # noqa: PLC0415  # only for this

    print(show(settings, os.environ), end="")  # noqa: T201  # what was asked for
    return 0


def _run(arguments: list[str]) -> int:
    from pillion.process.run import run  # asyncio and the web server: 11 MB  # noqa: PLC0415
    from pillion_log_agent.service_flags import with_service  # the configuration  # noqa: PLC0415
    from pillion_log_agent.settings import COMMAND  # noqa: PLC0415  # as above

    return run(COMMAND, _build, with_service(COMMAND, arguments, os.environ))


def _build(context: Context) -> Service:
    from pillion_log_agent.service import Agent  # noqa: PLC0415  # as above

    return Agent(context)
