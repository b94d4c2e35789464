"""A save that was killed between its system calls, and what the next one does to what it left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion.tail import Checkpoint
from pillion.tail.checkpoint.format import encode

if TYPE_CHECKING:
    from pathlib import Path

LOOKED_NS = 17


def load(directory: Path) -> int:
    """Return the time of the last look that a checkpoint keeps."""
    checkpoint = Checkpoint(directory)
    snapshot = checkpoint.load(Logger(level="error"))
    checkpoint.close()
    return snapshot.looked_ns


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """What the very first save leaves where it is killed before its file takes its place."""
    (tmp_path / "tail.checkpoint.new").write_bytes(encode([], LOOKED_NS))
    return tmp_path


def test_it_is_read(unfinished: Path) -> None:
    assert load(unfinished) == LOOKED_NS


def test_it_outlives_a_next_save_that_is_killed_in_the_middle(
    unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def kill(descriptor: int) -> None:
        os.ftruncate(descriptor, 0)
        raise KilledError

    checkpoint = Checkpoint(unfinished)
    checkpoint.load(Logger(level="error"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", kill)
        with pytest.raises(KilledError):
            checkpoint.save([], 2 * LOOKED_NS)
    checkpoint.close()
    assert load(unfinished) == LOOKED_NS


def test_it_outlives_a_next_save_on_a_full_disk(
    unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    checkpoint = Checkpoint(unfinished)
    checkpoint.load(Logger(level="error"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert not checkpoint.save([], 2 * LOOKED_NS)
    checkpoint.close()
    assert load(unfinished) == LOOKED_NS
