"""What is given for one role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pillion.settings import PATH
from pillion.settings.declaration import Setting

if TYPE_CHECKING:
    from pillion_sidecar.roles import Role

_OF_THE_PROCESS = "it is a setting of the whole process, not of a role"
_REFUSED = {
    "config.check": _OF_THE_PROCESS,
    "web.systemd-socket": "systemd's sockets go to the process; name addresses instead",
}


@dataclass(frozen=True, slots=True)
class Given:
    """The settings of a role as its own command line would have them.

    Attributes:
        flags: `--name=value`.
        arguments: what follows them.
    """

    flags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def with_value(self, role: Role, item: Setting, text: str) -> Self:
        """Return it with one more value; of two of one flag the last one counts."""
        if item.name == role.arguments:
            return type(self)(self.flags, (*self.arguments, text))
        return type(self)((*self.flags, f"--{item.name}={text}"), self.arguments)

    def overridden_by(self, other: Given) -> Given:
        """Return both; what the other one sets is as it says, whole."""
        names = {_name(flag) for flag in other.flags}
        kept = (flag for flag in self.flags if _name(flag) not in names)
        return Given((*kept, *other.flags), other.arguments or self.arguments)


def _name(flag: str) -> str:
    return flag.partition("=")[0]


def settings_of(role: Role) -> dict[str, Setting]:
    """Return what can be set for a role, by name; its arguments are a setting here."""
    known = {item.name: item for _, item in role.command.settings()}
    if role.arguments:
        known[role.arguments] = Setting(
            name=role.arguments,
            attribute="",
            kind=PATH,
            description="",
            default=(),
            environment="",
            is_repeated=True,
        )
    return known


def why_refused(role: Role, name: str) -> str | None:
    """Return why a role cannot have a setting, or None."""
    return role.refused.get(name) or _REFUSED.get(name)
