"""The time that a checkpoint keeps: up to it, no path has anything that nobody met."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from pillion.log import Logger
from pillion.tail import Checkpoint, Tailer
from pillion.tail.resumption import Resumption

if TYPE_CHECKING:
    from pathlib import Path


def looked_ns(state: Path) -> int:
    checkpoint = Checkpoint(str(state))
    try:
        return checkpoint.load(Logger()).looked_ns
    finally:
        checkpoint.close()


def test_it_stands_still_while_a_path_of_the_checkpoint_cannot_be_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app1.log").write_bytes(b"one\n")
    pattern, state = str(tmp_path / "app?.log"), tmp_path / "state"
    with Tailer([pattern], checkpoint=Checkpoint(str(state))) as tailer:
        for chunk in tailer.step():
            chunk.ack()
    before = looked_ns(state)

    def fail(*_: Any) -> bool:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Resumption, "resume", fail)
    with Tailer([pattern], checkpoint=Checkpoint(str(state))) as tailer:
        tailer.step()

    assert looked_ns(state) == before
