"""Peers that are Go modules, built where Go is there, once for each version.

Debian has older ones; what is compared with is both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BLACKBOX_EXPORTER = ("github.com/prometheus/blackbox_exporter", "v0.28.0")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pillion"


def blackbox_exporter() -> str | None:
    """Return the newest blackbox_exporter's program; None where there is no Go to build it."""
    return _built(*BLACKBOX_EXPORTER)


def _built(module: str, version: str) -> str | None:
    """Return the program of a Go module, from the cache or built into it.

    `go install` refuses a module that replaces others, so that one is made which requires it.
    """
    program = CACHE / f"{module.rpartition('/')[2]}-{version}"
    if program.exists():
        return str(program)
    go = shutil.which("go")
    if go is None:
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "go.mod").write_text(
            f"module peer\n\ngo 1.24.0\n\nrequire {module} {version}\n"
        )
        fresh = program.with_suffix(f".{os.getpid()}")
        built = subprocess.run(
            [go, "build", "-mod=mod", "-o", str(fresh), module],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
    if built.returncode:
        return None
    fresh.replace(program)
    return str(program)


if __name__ == "__main__":
    print(blackbox_exporter() or "there is no Go, or the module cannot be had")
