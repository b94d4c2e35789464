"""A limit on the memory of a process, as a pod's container has it: a control group."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIFIED, LEGACY = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")
_ENTER = 'echo $$ > "$0" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Limited:
    """A control group with a limit.

    Attributes:
        path: its directory.
        is_legacy: it is of the first version.
    """

    path: Path
    is_legacy: bool

    @property
    def before(self) -> tuple[str, ...]:
        """What runs a command in it."""
        return ("/bin/sh", "-c", _ENTER, str(self.path / "cgroup.procs"))

    def anonymous(self) -> int:
        """Return the bytes that no file stands behind, and that cannot be given up."""
        lines = (self.path / "memory.stat").read_text().splitlines()
        figures = dict(line.split() for line in lines)
        return int(figures["total_rss" if self.is_legacy else "anon"])

    def kills(self) -> int:
        """Return how often the kernel had to kill one of its processes."""
        name = "memory.oom_control" if self.is_legacy else "memory.events"
        figures = dict(line.split() for line in (self.path / name).read_text().splitlines())
        return int(figures["oom_kill"])


@contextmanager
def memory_limit(size: int) -> Iterator[Limited]:
    """Make a control group that may hold so many bytes; only root may."""
    name = f"pillion-test-{os.getpid()}"
    is_legacy = not (UNIFIED / "cgroup.controllers").exists()
    path = (LEGACY if is_legacy else UNIFIED) / name
    try:
        if not is_legacy:
            (UNIFIED / "cgroup.subtree_control").write_text("+memory")
        path.mkdir()
        limit = "memory.limit_in_bytes" if is_legacy else "memory.max"
        (path / limit).write_text(str(size))
    except OSError as error:
        with suppress(OSError):
            path.rmdir()
        needs.absent(f"a limit on memory cannot be set here: {error}")
    try:
        yield Limited(path, is_legacy)
    finally:
        path.rmdir()
