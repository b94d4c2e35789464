"""Writes the tables in docs/ again from the code, between their markers.

<!-- flags: pillion_nginx_exporter.command:COMMAND -->
...
<!-- end -->

A `properties:` marker names a declaration of the log agent's configuration in the same way.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from pillion.settings import Command
from pillion.settings.help import markdown_table
from pillion_log_agent.configuration.declaration import Declaration

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(
    r"(<!-- (?:flags|properties|table): (\S+):(\S+) -->\n).*?(<!-- end -->)", re.DOTALL
)


def written(text: str) -> str:
    """Return the text of a page with its tables as the code has them now."""
    return BLOCK.sub(lambda match: f"{match[1]}{_table(match[2], match[3])}{match[4]}", text)


def _table(module: str, name: str) -> str:
    found = getattr(importlib.import_module(module), name)
    if isinstance(found, Command):
        return markdown_table(found)
    if callable(found) and not isinstance(found, (Command, Declaration)):
        return str(found())
    if isinstance(found, Declaration):
        return properties_table(found)
    raise TypeError(f"{module}:{name} is neither a Command nor a Declaration")


def properties_table(declaration: Declaration) -> str:
    """Return the properties of a plugin, and those of fluent-bit's that change nothing here."""
    rows = ["| property | value | default | what it does |", "|---|---|---|---|"]
    for item in declaration.settings():
        default = f"`{shown}`" if (shown := item.shown_default) else ""
        kind = item.kind.name.replace("|", "\\|")
        more = "; may be given several times" if item.is_repeated else ""
        what = item.description.removesuffix(".")
        rows.append(f"| `{item.name}` | {kind}{more} | {default} | {what} |")
    rows += [
        f"| `{name}` | | | accepted, changes nothing: {reason} |"
        for name, reason in declaration.accepted.items()
        if name not in {item.name for item in declaration.settings()}
    ]
    rows += [
        f"| `{name}` | | | refused, unless off: {instead} |"
        for name, instead in declaration.refused.items()
    ]
    return "\n".join(rows) + "\n"


def main() -> int:
    """Write every page again."""
    for page in sorted(DOCS.rglob("*.md")):
        page.write_text(written(page.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
