"""`@file` on the command line: the arguments in a file, one a line, as kingpin has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import UsageError
from pillion.files import PIPE_SECONDS, read_bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

BYTES_LIMIT = 1024 * 1024
DEPTH_LIMIT = 8


def with_files(arguments: Sequence[str], depth: int = 0) -> list[str]:
    """Return arguments with those of files in place of each `@file` before `--`.

    Blank lines of a file and those that begin with `#` are left out; a file may name others.

    Raises:
        UsageError: a file cannot be read, or names others too deeply.
    """
    found: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            return [*found, *arguments[index:]]
        if not argument.startswith("@") or argument == "@":
            found.append(argument)
            continue
        if depth >= DEPTH_LIMIT:
            raise UsageError(f"{argument}: the files name each other {DEPTH_LIMIT} levels deep")
        found += with_files(_read(argument), depth + 1)
    return found


def _read(argument: str) -> list[str]:
    try:
        text = read_bounded(argument[1:], BYTES_LIMIT, wait=PIPE_SECONDS).decode()
    except OSError as error:
        raise UsageError(f"{argument}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{argument}: is not UTF-8 text") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
