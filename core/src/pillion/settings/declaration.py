"""The declaration of one setting, as the default of a field in a frozen dataclass.

Each function returns what the field will hold, so that the type checker holds the annotation,
the kind and the default together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pillion.settings.kinds import BOOLEAN, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
_KEY = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting, whole.

    Attributes:
        name: `group.name`: the flag without its dashes, and the path in a settings file.
        attribute: the field of the group's dataclass.
        kind: how a value is written.
        description: one or two sentences for `--help` and the docs.
        default: what it is when nothing sets it (a tuple where `is_repeated`).
        environment: the variable that sets it.
        short: a one-letter flag, or nothing.
        is_repeated: given several times, all count; in a variable, one a line.
        is_switch: takes no value; `--no-` turns it off.
    """

    name: str
    attribute: str
    kind: Kind[Any]
    description: str
    default: Any
    environment: str
    short: str = ""
    is_repeated: bool = False
    is_switch: bool = False

    @property
    def shown_default(self) -> str:
        """The default as one would write it; empty when there is none."""
        if self.default is None:
            return ""
        if self.is_repeated:
            return ", ".join(self.kind.show(value) for value in self.default)
        return self.kind.show(self.default)


def setting(
    name: str,
    kind: Kind[T],
    description: str,
    *,
    default: T,
    env: str = "",
    short: str = "",
) -> T:
    """Declare a setting that holds one value."""
    return cast("T", _declare(name, kind, description, default, env=env, short=short))


def optional(
    name: str, kind: Kind[T], description: str, *, env: str = "", short: str = ""
) -> T | None:
    """Declare a setting that is None until it is set."""
    return cast("T | None", _declare(name, kind, description, None, env=env, short=short))


def repeated(
    name: str,
    kind: Kind[T],
    description: str,
    *,
    default: tuple[T, ...] = (),
    env: str = "",
    short: str = "",
) -> tuple[T, ...]:
    """Declare a setting that may be given several times."""
    declared = _declare(name, kind, description, default, env=env, short=short, is_repeated=True)
    return cast("tuple[T, ...]", declared)


def switch(
    name: str, description: str, *, default: bool = False, env: str = "", short: str = ""
) -> bool:
    """Declare a setting that is on or off."""
    return cast(
        "bool",
        _declare(name, BOOLEAN, description, default, env=env, short=short, is_switch=True),
    )


def declared(group: type) -> Iterator[Setting]:
    """Yield the settings of a group in the order in which they are declared."""
    for item in fields(group):
        values = item.metadata[_KEY]
        yield Setting(attribute=item.name, default=item.default, **values)


def _declare(
    name: str,
    kind: Kind[Any],
    description: str,
    default: object,
    *,
    env: str,
    **more: object,
) -> object:
    variable = env or "PILLION_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    values = {"name": name, "kind": kind, "description": description, "environment": variable}
    return field(default=default, metadata={_KEY: {**values, **more}})
