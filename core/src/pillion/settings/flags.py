"""Flags as people type them: kingpin's, and those of Go's own flag package. Pure.

`--group.name value`, `--group.name=value`, both with one dash; `--switch`, `--no-switch`,
`--switch=false`; short ones as `-n 5`, `-n5` and, for switches, joined (`-Fq`). `--` ends them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pillion.settings.declaration import Setting

Given = dict[str, list[tuple[str, str]]]


def read_flags(known: Iterable[Setting], arguments: Sequence[str]) -> tuple[Given, list[str]]:
    """Return, by the name of a setting, its flags as spelled with their values; and the rest.

    Raises:
        UsageError: a flag is unknown, or lacks its value, or has one that it does not take.
    """
    return _Reader(known, arguments).read()


class _Reader:
    """One pass over the arguments."""

    def __init__(self, known: Iterable[Setting], arguments: Sequence[str]) -> None:
        self._long = {item.name: item for item in known}
        self._short = {item.short: item for item in self._long.values() if item.short}
        self._arguments = list(arguments)
        self._next = 0
        self._given: Given = {}
        self._rest: list[str] = []

    def read(self) -> tuple[Given, list[str]]:
        while self._next < len(self._arguments):
            argument = self._take()
            if argument == "--":
                self._rest += self._arguments[self._next :]
                break
            if not argument.startswith("-") or argument == "-":
                self._rest.append(argument)
            elif not self._read_long(argument) and not self._read_short(argument):
                raise UsageError(self._unknown(argument))
        return self._given, self._rest

    def _take(self) -> str:
        self._next += 1
        return self._arguments[self._next - 1]

    def _read_long(self, argument: str) -> bool:
        flag, equals, value = argument.partition("=")
        name = flag.removeprefix("--") if flag.startswith("--") else flag.removeprefix("-")
        item = self._long.get(name)
        if item is None:
            item = self._long.get(name.removeprefix("no-"))
            if item is None or not item.is_switch:
                return False
            if equals:
                raise UsageError(f"{argument}: {flag} takes no value")
            value = "false"
        elif item.is_switch:
            value = value if equals else "true"
        elif not equals:
            value = self._value_of(flag, item)
        self._give(item, flag, value)
        return True

    def _read_short(self, argument: str) -> bool:
        if argument.startswith("--") or argument[1] not in self._short:
            return False
        for index, letter in enumerate(argument[1:], start=1):
            item = self._short.get(letter)
            if item is None:
                return False
            if item.is_switch:
                self._give(item, f"-{letter}", "true")
                continue
            value = argument[index + 1 :] or self._value_of(f"-{letter}", item)
            self._give(item, f"-{letter}", value)
            break
        return True

    def _value_of(self, flag: str, item: Setting) -> str:
        if self._next == len(self._arguments):
            raise UsageError(f"{flag} needs a value: {flag}={item.kind.name}")
        return self._take()

    def _give(self, item: Setting, flag: str, value: str) -> None:
        self._given.setdefault(item.name, []).append((flag, value))

    def _unknown(self, argument: str) -> str:
        flag = argument.partition("=")[0]
        names = [*self._long, *(f"no-{n}" for n, item in self._long.items() if item.is_switch)]
        guess = nearest(flag.lstrip("-"), names)
        hint = f"did you mean --{guess}?" if guess else "see --help for those that there are"
        return f"unknown flag {flag}; {hint}"
