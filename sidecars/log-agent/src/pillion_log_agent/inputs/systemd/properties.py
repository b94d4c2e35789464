"""The properties of the input `systemd`."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PATH, choice


def _match(text: str) -> str:
    name, separator, _ = text.partition("=")
    is_name = name.isascii() and name.replace("_", "").isalnum() and name == name.upper()
    if not separator or not is_name:
        raise ValueError("is not a journal field with a value; write _SYSTEMD_UNIT=a.service")
    return text


MATCH: Kind[str] = Kind("NAME=VALUE", _match)


@dataclass(frozen=True, slots=True)
class SystemdProperties:
    """The properties of `systemd`."""

    path: str | None = optional(
        "path", PATH, "A directory of journal files; the journal of this machine if not given."
    )
    systemd_filter: tuple[str, ...] = repeated(
        "systemd_filter", MATCH, "Only entries that have a field with this value."
    )
    systemd_filter_type: str = setting(
        "systemd_filter_type", choice("or", "and"), "Whether one has to fit, or all.", default="or"
    )
    db: str | None = optional(
        "db",
        PATH,
        "Where the position is kept, in FILE.pillion; a cursor that fluent-bit has left in FILE is "
        "taken over.",
    )
    read_from_tail: bool = setting(
        "read_from_tail",
        FLAG,
        "Without a position begin with what is written from now on; else with the first entry.",
        default=False,
    )
    max_entries: int = setting("max_entries", NUMBER, "Entries in one go.", default=5000)
    max_fields: int = setting("max_fields", NUMBER, "Fields of an entry.", default=8000)
    strip_underscores: bool = setting(
        "strip_underscores",
        FLAG,
        "Leave out the underscore that a field of journald's begins with.",
        default=False,
    )
    lowercase: bool = setting("lowercase", FLAG, "Names of fields in small letters.", default=False)
