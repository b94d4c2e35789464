"""Writes the version that `VERSION` holds into every package, or a new one into both.

`make version` after a change of VERSION, or `make version VERSION=0.2.0`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("core", "exporters/*", "sidecars/*", "inject", "images")


def main(arguments: list[str]) -> int:
    """Write the version everywhere."""
    file = ROOT / "VERSION"
    if arguments:
        file.write_text(f"{arguments[0]}\n")
    version = file.read_text().strip()
    for pattern in FOLDERS:
        for path in ROOT.glob(f"{pattern}/pyproject.toml"):
            text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', path.read_text())
            text = re.sub(r'"(pillion[a-z-]*)==[^"]*"', rf'"\1=={version}"', text)
            path.write_text(text)
    for path in ROOT.glob("k8s-examples/**/*.yaml"):
        text = re.sub(r"(image: pillion/[a-z-]+):\S+", rf"\1:{version}", path.read_text())
        path.write_text(text)
    core = ROOT / "core/src/pillion/__init__.py"
    core.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', core.read_text()))
    print(version)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
