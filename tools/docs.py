"""Writes the tables in docs/ again from the code, between their markers.

<!-- flags: pillion_nginx_exporter.command:COMMAND -->
...
<!-- end -->
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from pillion.settings import Command
from pillion.settings.help import markdown_table

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"(<!-- flags: (\S+):(\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """Return the text of a page with its tables as the code has them now."""
    return BLOCK.sub(lambda match: f"{match[1]}{_table(match[2], match[3])}{match[4]}", text)


def _table(module: str, name: str) -> str:
    command = getattr(importlib.import_module(module), name)
    if not isinstance(command, Command):
        raise TypeError(f"{module}:{name} is no Command")
    return markdown_table(command)


def main() -> int:
    """Write every page again."""
    for page in sorted(DOCS.rglob("*.md")):
        page.write_text(written(page.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
