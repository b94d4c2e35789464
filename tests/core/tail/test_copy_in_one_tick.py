"""A copy, a cut and a new beginning within one tick of the clock that stamps files."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from pillion.tail import Tailer
from pillion.tail.fingerprint import birth_at
from pillion.tail.rotation.copies import is_mere_copy
from pillion.tail.rotation.siblings import OldGenerations

if TYPE_CHECKING:
    from pathlib import Path

BANNER = b"Starting up\n"


def copied_and_cut(log: Path, *, nanoseconds_after: int) -> None:
    """Copy a log, fill it again from its banner, and stamp that so long after the copy."""
    copy = log.with_name(f"{log.name}.1")
    shutil.copyfile(log, copy)
    os.truncate(log, 0)
    with log.open("ab") as file:
        file.write(BANNER + b"after\n")
    made_ns = birth_at(str(copy)) or copy.stat().st_mtime_ns
    os.utime(log, ns=(made_ns, made_ns + nanoseconds_after))


@pytest.mark.parametrize(("nanoseconds_after", "expected"), [(-1, True), (0, False), (1, False)])
def test_only_a_log_that_was_last_written_before_its_copy_was_surely_not_cut(
    tmp_path: Path, *, nanoseconds_after: int, expected: bool
) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(BANNER)
    copied_and_cut(log, nanoseconds_after=nanoseconds_after)
    (sibling,) = OldGenerations(time.time_ns).beside(str(log))

    with open(sibling.path, "rb") as copy, log.open("rb") as live:
        assert is_mere_copy(sibling, copy.fileno(), live.fileno()) is expected


def test_a_banner_is_read_again_where_its_file_was_cut_in_the_tick_of_the_copy(
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(BANNER)
    with Tailer([str(log)]) as tailer:
        came = [chunk.data for chunk in tailer.step()]
        copied_and_cut(log, nanoseconds_after=0)
        tailer.stop()
        came += [chunk.data for chunk in tailer]

    assert b"".join(came) == 2 * BANNER + b"after\n"
