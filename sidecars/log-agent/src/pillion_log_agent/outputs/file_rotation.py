"""Rotation of the files of an output by size: renamed, compressed, and the oldest removed.

The names are those of fluent-bit: `NAME.YYYYMMDD_HHMMSS_xxxxxxxx`, and `.gz` behind it.
"""

from __future__ import annotations

import gzip
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass

_SUFFIX = re.compile(r"\d{8}_\d{6}(?:_[A-Za-z0-9]{8})?(?:\.gz)?", re.ASCII)
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rotation:
    """How files are rotated.

    Attributes:
        size: bytes from which on a file is rotated.
        files: how many old ones are kept.
        compresses: whether old ones are compressed.
    """

    size: int
    files: int
    compresses: bool

    def rename(self, path: str, now: float) -> str:
        """Rename a file, and return its new name; raises OSError.

        Args:
            path: where it is.
            now: seconds since 1970.
        """
        date = time.strftime("%Y%m%d_%H%M%S", time.localtime(now))
        old = f"{path}.{date}_{secrets.token_hex(4)}"
        os.rename(path, old)
        return old

    def finish(self, path: str, old: str) -> None:
        """Compress an old file, and remove the oldest ones; raises OSError, and loses nothing."""
        if self.compresses:
            compress(old)
        for each in old_files(path)[: -self.files]:
            with suppress(FileNotFoundError):  # another one was there first
                os.unlink(each)


def old_files(path: str) -> list[str]:
    """Return what rotation has made of a path, the oldest first."""
    folder, name = os.path.split(path)
    found = [
        each
        for each in os.listdir(folder or ".")
        if each.startswith(f"{name}.") and _SUFFIX.fullmatch(each, len(name) + 1)
    ]
    return [os.path.join(folder, each) for each in sorted(found)]


def compress(path: str) -> None:
    """Compress a file in its place: it is removed once all of it is on disk; raises OSError."""
    part = f"{path}.part"
    try:
        with open(path, "rb") as source, open(part, "wb") as file:
            with gzip.GzipFile("", "wb", 6, file) as target:
                shutil.copyfileobj(source, target, _BLOCK)
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, f"{path}.gz")
    except OSError:
        with suppress(OSError):
            os.unlink(part)
        raise
    os.unlink(path)
