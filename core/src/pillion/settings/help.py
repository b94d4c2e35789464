"""What `--help` prints, and the table of settings in the docs, from the same declarations."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pillion.settings.command import SETTINGS_FILE

if TYPE_CHECKING:
    from pillion.settings.command import Command
    from pillion.settings.declaration import Setting

_WIDTH = 96


def help_text(command: Command) -> str:
    """Return the text of `--help`: usage, summary, and each setting with its variable."""
    usage = f"usage: {command.name} [FLAGS] {command.arguments}".rstrip()
    parts = [usage, "", *textwrap.wrap(command.summary, _WIDTH), "", "Flags:"]
    parts += ["  --help, -h", "      Show this text.", "  --version", "      Show the version."]
    for item in _all(command):
        parts.append(f"  {_spelling(item)}")
        parts += textwrap.wrap(
            f"{item.description} ({_origin(item)})",
            _WIDTH,
            initial_indent="      ",
            subsequent_indent="      ",
        )
    return "\n".join(parts) + "\n"


def markdown_table(command: Command) -> str:
    """Return the settings as a Markdown table: flag, variable, default, meaning."""
    rows = ["| flag | variable | default | what it does |", "|---|---|---|---|"]
    for item in _all(command):
        spelling = _spelling(item).replace("|", "\\|")
        default = f"`{item.shown_default}`" if item.shown_default else ""
        rows.append(f"| `{spelling}` | `{item.environment}` | {default} | {item.description} |")
    return "\n".join(rows) + "\n"


def _all(command: Command) -> list[Setting]:
    return [*(item for _, item in command.settings()), SETTINGS_FILE]


def _spelling(item: Setting) -> str:
    short = f", -{item.short}" if item.short else ""
    if item.is_switch:
        return f"--[no-]{item.name}{short}"
    return f"--{item.name}={item.kind.name}{' ...' if item.is_repeated else ''}{short}"


def _origin(item: Setting) -> str:
    default = f"default {item.shown_default}, " if item.shown_default else ""
    return f"{default}${item.environment}"
