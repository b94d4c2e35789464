"""What an output `file` has written is on disk before a position moves past it."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion.tail import Checkpoint
from pillion_log_agent.inputs.synced import SyncedCheckpoint
from pillion_log_agent.outputs.file import FileOutput, FileProperties
from pillion_log_agent.outputs.output import OutputContext, SyncedOutput
from tests.sidecars.log_agent.bulk_wire import NOW, batch

if TYPE_CHECKING:
    from collections.abc import Callable


class Calls:
    """The system calls that make files safe, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[str, str]] = []
        for name in ("fsync", "rename", "replace", "close"):
            monkeypatch.setattr(os, name, self._noting(name, getattr(os, name)))

    def synced(self) -> list[str]:
        """Return the names of what was synced, and forget them."""
        found = [Path(what).name for name, what in self.made if name == "fsync"]
        self.made.clear()
        return found

    def _noting(self, name: str, call: Callable[..., None]) -> Callable[..., None]:
        def noting(what: int | str, *more: object) -> None:
            path = what
            if isinstance(what, int):
                path = str(Path(f"/proc/self/fd/{what}").readlink())
            self.made.append((name, str(path)))
            call(what, *more)

        return noting


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


def output(folder: Path, file: str | None = None) -> FileOutput:
    context = OutputContext("file.0", Logger(), lambda: NOW)
    return FileOutput(FileProperties(path=str(folder), file=file), context)


async def test_the_file_is_synced_before_the_checkpoint_takes_its_place(
    tmp_path: Path, calls: Calls
) -> None:
    one = output(tmp_path, file="out")
    checkpoint = SyncedCheckpoint(Checkpoint(str(tmp_path / "db")), one.sync)
    checkpoint.load(Logger())
    await one.write([batch(2)])
    calls.made.clear()
    assert checkpoint.save([], 1)
    assert calls.made[0] == ("fsync", str(tmp_path / "out"))
    moves = [name for name, _ in calls.made if name in ("rename", "replace")]
    assert moves, "the checkpoint is in place only after that"
    checkpoint.close()
    await one.close()


async def test_each_file_is_synced_once_and_a_new_one_with_its_name(
    tmp_path: Path, calls: Calls
) -> None:
    one = output(tmp_path)
    assert isinstance(one, SyncedOutput)
    await one.write([batch(1)])
    one.sync()
    assert calls.synced() == ["app", tmp_path.name]
    one.sync()
    assert calls.synced() == [], "nothing was written since"
    await one.write([batch(1)])
    await one.write([batch(1)])
    one.sync()
    assert calls.synced() == ["app"]
    await one.close()


async def test_a_file_that_was_rotated_away_is_synced_before_it_is_closed(
    tmp_path: Path, calls: Calls
) -> None:
    one = output(tmp_path)
    await one.write([batch(1)])
    (tmp_path / "app").rename(tmp_path / "app.1")
    calls.made.clear()
    await one.write([batch(1)])
    made = [(name, Path(what).name) for name, what in calls.made if what != str(tmp_path)]
    assert made.index(("fsync", "app.1")) < made.index(("close", "app.1"))
    await one.close()


async def test_a_disk_that_cannot_sync_keeps_the_position_where_it_was_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    one = output(tmp_path, file="out")
    checkpoint = SyncedCheckpoint(Checkpoint(str(tmp_path / "db")), one.sync)
    checkpoint.load(Logger(stream=log))
    await one.write([batch(2)])

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        assert not checkpoint.save([], 1)
        assert not checkpoint.save([], 2)
    assert log.getvalue().count("an output cannot sync its files") == 1
    assert 'error="Input/output error"' in log.getvalue()
    assert checkpoint.failures == 2
    assert checkpoint.save([], 3), "what was not synced is tried again"
    checkpoint.close()
    await one.close()


async def test_a_device_is_not_synced(calls: Calls) -> None:
    one = output(Path("/dev"), file="null")
    await one.write([batch(1)])
    one.sync()
    assert calls.synced() == []
    await one.close()
