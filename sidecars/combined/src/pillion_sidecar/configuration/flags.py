"""The command line: which flags are whose. Pure, but for the import of the roles it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion.errors import UsageError, nearest
from pillion.settings.argument_files import with_files
from pillion_sidecar.configuration.given import Given, settings_of, why_refused
from pillion_sidecar.roles import ROLES, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.settings.declaration import Setting
    from pillion_sidecar.roles import Role

_FLAG = re.compile(rf"--?(no-)?({'|'.join(ROLES)})\.(no-)?([^=]+)(?:=(.*))?", re.DOTALL)


def divide(arguments: Sequence[str]) -> tuple[list[str], dict[str, Given]]:
    """Return the flags of the process itself, and what is given for each role.

    A flag of a role has the role before it: `--log-agent.config.file=/etc/agent.yaml`.

    Raises:
        UsageError: a role has no such flag, or it lacks its value.
    """
    own: list[str] = []
    of_roles: dict[str, Given] = {}
    rest = list(reversed(with_files(arguments)))
    while rest:
        argument = rest.pop()
        match = _FLAG.fullmatch(argument)
        if match is None:
            own.append(argument)
            continue
        role = load(match[2])
        item = _setting(role, argument, match[4])
        text = match[5]
        if item.is_switch:
            text = _switched(argument, text, is_off=bool(match[1] or match[3]))
        elif text is None:
            if not rest:
                raise UsageError(f"{argument} needs a value, {item.kind.name}")
            text = rest.pop()
        of_roles[role.name] = of_roles.get(role.name, Given()).with_value(role, item, text)
    return own, of_roles


def _setting(role: Role, argument: str, name: str) -> Setting:
    known = settings_of(role)
    item = known.get(name)
    if item is None:
        guess = nearest(name, list(known))
        hint = f"; did you mean --{role.name}.{guess}?" if guess else ""
        raise UsageError(f"{argument}: {role.name} has no such flag{hint}")
    reason = why_refused(role, name)
    if reason is not None:
        raise UsageError(f"{argument}: {reason}")
    return item


def _switched(argument: str, text: str | None, *, is_off: bool) -> str:
    if not is_off:
        return text or "true"
    if text is not None:
        raise UsageError(f"{argument}: {argument.partition('=')[0]} takes no value")
    return "false"
