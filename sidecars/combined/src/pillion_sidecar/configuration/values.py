"""The values of each role: what is given for it, before what is in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, PillionError, UsageError
from pillion.settings import DURATION, parse
from pillion.settings.command import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pillion.process import ProcessSettings
    from pillion.settings import Command, Values
    from pillion_sidecar.configuration.given import Given
    from pillion_sidecar.roles import Role


def environment_of_roles(
    own: Command, roles: Iterable[Role], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that are for the roles: those that the process does not read itself.

    Raises:
        UsageError: a variable is set that two of the roles read.
    """
    mine = {item.environment for _, item in own.settings()} | {SETTINGS_FILE.environment}
    theirs = {name: text for name, text in environment.items() if name not in mine}
    readers: dict[str, list[str]] = {}
    for role in roles:
        for _, item in role.command.settings():
            if theirs.get(item.environment):
                readers.setdefault(item.environment, []).append(role.name)
    for variable, names in readers.items():
        if len(names) > 1:
            raise UsageError(
                f"{variable} is read by {' and '.join(names)}; set it for each of them in the "
                "configuration file or by a flag"
            )
    return theirs


def values_of(
    role: Role, given: Given, process: ProcessSettings, environment: Mapping[str, str]
) -> Values:
    """Return the settings of a role. Logging and draining are the process's unless it has its own.

    Raises:
        ConfigurationError: what is wrong, with the name of the role.
    """
    around = (
        f"--log.level={process.log_level}",
        f"--log.format={process.log_format}",
        f"--drain.timeout={DURATION.show(process.drain_timeout)}",
    )
    try:
        flags = role.flags(given.flags, environment)
        after = ("--", *given.arguments) if given.arguments else ()
        return parse(role.command, [*around, *flags, *after], environment)
    except UsageError as error:
        raise UsageError(f"{role.name}: {error}") from None
    except PillionError as error:
        raise ConfigurationError(f"{role.name}: {error}") from None
