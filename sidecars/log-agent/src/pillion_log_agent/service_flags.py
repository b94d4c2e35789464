"""What the `[SERVICE]` section says of the process itself, as flags.

A flag or a variable that is given comes first; what is wrong with the configuration is said
later, by who reads it to work with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import PillionError
from pillion.settings import Address, parse
from pillion_log_agent.configuration.load import default_path, load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.settings import AgentSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion.settings import Command
    from pillion_log_agent.configuration.service import ServiceProperties

PORT = 2020
_LEVELS = {"off": "error", "warning": "warn", "trace": "debug"}


def with_service(
    command: Command, arguments: Sequence[str], environment: Mapping[str, str]
) -> list[str]:
    """Return the arguments with what the configuration says of log, address and end."""
    try:
        settings = parse(command, arguments, environment)[AgentSettings]
        path = default_path(settings.config_file)
        service = load(path, environment, Problems()).service if path is not None else None
    except PillionError:
        service = None
    if service is None:
        return list(arguments)
    given = {argument.lstrip("-").split("=")[0] for argument in arguments}
    variables = {item.name: item.environment for _, item in command.settings()}
    return [
        *(
            f"--{name}={value}"
            for name, value in _flags(service).items()
            if name not in given and not environment.get(variables[name])
        ),
        *arguments,
    ]


def _flags(service: ServiceProperties) -> dict[str, str]:
    flags = {}
    if service.log_level is not None:
        flags["log.level"] = _LEVELS.get(service.log_level, service.log_level)
    if service.grace is not None:
        flags["drain.timeout"] = f"{service.grace:g}s" if service.grace else "0"
    if service.http_port is not None or service.http_listen is not None:
        host = service.http_listen or ""
        host = "" if host == "0.0.0.0" else host  # noqa: S104  # compared, not bound
        flags["web.listen-address"] = str(Address(host, service.http_port or PORT))
    return flags
