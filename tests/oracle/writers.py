"""Applications that write logs, and what rotates them: by hand and by real logrotate."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from pathlib import Path

MODES = (
    "create",
    "nocreate",
    "copytruncate",
    "copy",
    "dateext dateformat=-%s create",
    "dateext dateformat=-%Y%m%d-%s copytruncate",
    "extension=.log create",
)
LOGROTATE = "/usr/sbin/logrotate"


class App:
    """One application with one log, that begins each generation with the same banner.

    It appends, or it goes on at its own offset as `command > app.log` does.
    """

    def __init__(
        self,
        path: Path,
        banner: Sequence[bytes],
        is_appending: bool,  # noqa: FBT001
        note: Callable[[list[bytes]], None],
    ) -> None:
        self.path = path
        self._banner = list(banner)
        self._flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if is_appending else 0)
        self._note = note
        self._descriptor = -1
        self._number = 0

    def write(self, count: int) -> None:
        """Write so many lines that are written once, behind a banner where a file begins."""
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, self._flags, 0o644)
        lines = [b"%s %d\n" % (os.fsencode(self.path.name), self._number + n) for n in range(count)]
        self._number += count
        if not os.fstat(self._descriptor).st_size:
            lines = self._banner + lines
        self._note(lines)
        os.write(self._descriptor, b"".join(lines))

    def rename(self) -> None:
        """Rotate by renaming, and let the next write create the file."""
        if self.path.exists():
            self._shift()
            self.path.rename(f"{self.path}.1")
        self.close()

    def copytruncate(self) -> None:
        """Rotate by copying; the application keeps its file, and its offset."""
        if self.path.exists() and self.path.stat().st_size:
            self._shift()
            shutil.copyfile(self.path, f"{self.path}.1")
            os.truncate(self.path, 0)

    def forget_the_old(self) -> None:
        """Delete all that was rotated."""
        for path in self.path.parent.glob(f"{self.path.stem}*"):
            if path != self.path:
                path.unlink()

    def reopen(self) -> None:
        """Write to what is at the path by now, as after a signal."""
        seen = os.stat(self.path) if self.path.exists() else None
        if self._descriptor >= 0:
            mine = os.fstat(self._descriptor)
            if seen is None or (mine.st_dev, mine.st_ino) != (seen.st_dev, seen.st_ino):
                self.close()

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _shift(self) -> None:
        directory, name = self.path.parent, self.path.name
        old = [path for path in directory.glob(f"{name}.*") if path.suffix[1:].isdigit()]
        for path in sorted(old, key=lambda path: -int(path.suffix[1:])):
            path.rename(f"{self.path}.{int(path.suffix[1:]) + 1}")


def rotate_for_real(directory: Path, apps: Sequence[App], draw: random.Random) -> str:
    """Run logrotate over all logs that are there, in a mode drawn at random; return which."""
    mode = draw.choice(MODES)
    configuration = directory / "logrotate.conf"
    words = "\n".join(f"    {word.replace('=', ' ')}" for word in mode.split(" "))
    paths = " ".join(str(app.path) for app in apps)
    configuration.write_text(f"{paths} {{\n    rotate 90\n    missingok\n{words}\n}}\n")
    configuration.chmod(0o644)
    subprocess.run(
        [LOGROTATE, "-f", "-s", str(directory / "logrotate.state"), str(configuration)],
        check=False,  # it refuses where a rotated file of that second is there already
        capture_output=True,
    )
    for app in apps:
        app.reopen()
    return mode
