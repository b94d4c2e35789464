"""A command: its groups of settings, and what the flags, variables and file make of them.

A flag beats a variable, a variable beats the settings file, the file beats the default.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pillion.errors import UsageError
from pillion.masking import masked_url
from pillion.settings.argument_files import with_files
from pillion.settings.declaration import Setting, declared
from pillion.settings.flags import read_flags
from pillion.settings.kinds import PATH, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")

SETTINGS_FILE = Setting(
    name="settings.file",
    attribute="",
    kind=PATH,
    description="A YAML file with any of these settings, nested by the dots of their names.",
    default=None,
    environment="PILLION_SETTINGS_FILE",
)


@dataclass(frozen=True, slots=True)
class Override:
    """What one command changes in a setting that a shared group declares."""

    default: Any = None
    env: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """What can be typed.

    Attributes:
        name: the command, as it is installed.
        summary: one sentence for `--help`.
        groups: frozen dataclasses whose fields are declared settings.
        overrides: by a setting's name, what this command changes in it.
        arguments: the placeholder of what follows the flags (`PATH...`); empty for none.
        version: what `--version` says; empty for that of the library.
    """

    name: str
    summary: str
    groups: tuple[type, ...]
    overrides: Mapping[str, Override] = field(default_factory=dict)
    arguments: str = ""
    version: str = ""

    def settings(self) -> Iterator[tuple[type, Setting]]:
        """Yield each group with each of its settings, overrides applied."""
        for group in self.groups:
            for item in declared(group):
                override = self.overrides.get(item.name)
                yield group, _overridden(item, override) if override else item


class Values:
    """What a command was given: one filled dataclass for each group.

    Attributes:
        arguments: what followed the flags.
    """

    __slots__ = ("_groups", "arguments")

    def __init__(self, groups: dict[type, object], arguments: tuple[str, ...] = ()) -> None:
        self._groups = groups
        self.arguments = arguments

    def __getitem__(self, group: type[T]) -> T:
        return cast("T", self._groups[group])


def parse(
    command: Command,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    read: Callable[[str], str] | None = None,
) -> Values:
    """Return the values of a command line.

    Args:
        command: what can be typed.
        arguments: what was typed, without the program's name.
        environment: the variables.
        read: path to text, for the settings file; None reads from the disk.

    Raises:
        UsageError: a flag is unknown, or the value of a flag or variable is wrong.
        ConfigurationError: the settings file cannot be read or is wrong.
    """
    if not command.arguments:  # else `@file` may be the name of one
        arguments = with_files(arguments)
    rows = list(command.settings())
    known = [item for _, item in rows] + [SETTINGS_FILE]
    given, rest = read_flags(known, arguments)
    if rest and not command.arguments:
        raise UsageError(f"unexpected argument {rest[0]!r}; {command.name} takes flags only")
    path = _first_text(SETTINGS_FILE, given, environment)
    in_file = _from_file(path, known, read) if path else {}
    filled: dict[type, dict[str, Any]] = {group: {} for group in command.groups}
    for group, item in rows:
        filled[group][item.attribute] = _value(item, given, environment, in_file)
    return Values(
        {group: group(**values) for group, values in filled.items()}, arguments=tuple(rest)
    )


def _overridden(item: Setting, override: Override) -> Setting:
    return replace(
        item,
        default=item.default if override.default is None else override.default,
        environment=override.env or item.environment,
        description=override.description or item.description,
    )


def _value(
    item: Setting,
    given: Mapping[str, list[tuple[str, str]]],
    environment: Mapping[str, str],
    in_file: Mapping[str, object],
) -> object:
    if item.name in given:
        spelled = given[item.name]
        values = [_parsed(item.kind, text, flag) for flag, text in spelled]
        return tuple(values) if item.is_repeated else values[-1]
    # An empty variable is an unset one: that is how a manifest clears it.
    if text := environment.get(item.environment):
        texts = text.splitlines() if item.is_repeated else [text]
        values = [_parsed(item.kind, part, item.environment) for part in texts if part]
        return tuple(values) if item.is_repeated else values[0]
    return in_file.get(item.name, item.default)


def _parsed(kind: Kind[Any], text: str, where: str) -> object:
    try:
        return kind.parse(text)
    except ValueError as error:
        raise UsageError(f"{where}: {masked_url(text)!r} {error}") from None


def _first_text(
    item: Setting, given: Mapping[str, list[tuple[str, str]]], environment: Mapping[str, str]
) -> str:
    spelled = given.get(item.name)
    return spelled[-1][1] if spelled else environment.get(item.environment, "")


def _from_file(
    path: str, known: list[Setting], read: Callable[[str], str] | None
) -> dict[str, object]:
    from pillion.settings.file import read_settings  # YAML costs 2.6 MB  # noqa: PLC0415

    return read_settings(path, known, read)
