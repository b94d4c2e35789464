"""What one process is to the one that hosts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pillion.web import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pillion.process import Context, Service
    from pillion.settings import Command, Values


def _as_they_are(flags: Sequence[str], _environment: Mapping[str, str]) -> list[str]:
    return list(flags)


def _no_prefix(_: Values) -> str:
    return ""


def _usual_limits(_: Values) -> Limits:
    return Limits()


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """One process, as another one hosts it.

    Attributes:
        name: in the configuration, in metrics and in the log.
        command: its settings; their names are those of its own flags.
        build: makes its service; raises ConfigurationError when it cannot work as it is set.
        arguments: the name under which its arguments are configured; empty where it has none.
        refused: settings that make no sense here, with the reason.
        ships_logs: whether it is drained after the others, so that their last lines go out too.
        flags: completes its flags with what its own configuration says of the process.
        prefix: what its paths begin with, by its settings.
        limits: what its clients may cost, by its settings.
    """

    name: str
    command: Command
    build: Callable[[Context], Service]
    arguments: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    ships_logs: bool = False
    flags: Callable[[Sequence[str], Mapping[str, str]], list[str]] = _as_they_are
    prefix: Callable[[Values], str] = _no_prefix
    limits: Callable[[Values], Limits] = _usual_limits
