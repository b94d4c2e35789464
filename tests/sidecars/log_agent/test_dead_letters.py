"""The dead-letter file: within its limit, and nothing of it gone without a word."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion.log import Logger
from pillion_log_agent.appending import append_whole
from pillion_log_agent.outputs.output import Outcome, Rejection
from pillion_log_agent.pipeline import deadletter
from pillion_log_agent.pipeline.deadletter import DeadLetters
from tests.sidecars.log_agent.bulk_wire import NOW, batch
from tests.sidecars.log_agent.dispatching import Collecting, Desk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.records.batch import Batch

MIB = 1 << 20


class Clock:
    """Seconds in the test's hands."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Letters:
    """A dead-letter file with its log."""

    def __init__(self, path: Path | None, limit: int) -> None:
        self.path = path
        self.log = io.StringIO()
        self.clock = Clock()
        self.file = DeadLetters(
            str(path) if path is not None else None,
            limit,
            Logger(stream=self.log),
            lambda: NOW,
            self.clock,
        )

    def put_all(self, count: int, **fields: object) -> None:
        """Put as many records aside as there are."""
        refused = [
            (one, Rejection(0, index, "400", "no"))
            for one in [batch(count, **fields)]
            for index in range(count)
        ]
        while refused:
            del refused[: self.file.put("es.0", refused)]

    def numbers(self) -> list[int]:
        """Return the numbers of the records that are kept, in order."""
        assert self.path is not None
        older = self.path.with_name(f"{self.path.name}.1")
        files = [each for each in (older, self.path) if each.exists()]
        lines = [line for each in files for line in each.read_text().splitlines()]
        return [json.loads(line)["record"]["n"] for line in lines]


def test_a_flood_of_refused_records_keeps_both_files_within_the_limit(tmp_path: Path) -> None:
    letters = Letters(tmp_path / "letters", MIB)
    letters.put_all(20_000, text="x" * 40)
    sizes = {each.name: each.stat().st_size for each in tmp_path.iterdir()}
    assert set(sizes) == {"letters", "letters.1"}
    assert max(sizes.values()) <= MIB
    kept = letters.numbers()
    assert kept == list(range(20_000 - len(kept), 20_000)), "the newest are kept, without a gap"
    assert letters.file.written == 20_000
    assert letters.file.overwritten == 20_000 - len(kept) > 0


def test_what_another_process_has_left_is_counted_when_it_is_overwritten(tmp_path: Path) -> None:
    limit = 10_000
    Letters(tmp_path / "letters", limit).put_all(60)
    left = len(Letters(tmp_path / "letters", limit).numbers())
    letters = Letters(tmp_path / "letters", limit)
    letters.put_all(60)
    assert letters.file.overwritten == left + 60 - len(letters.numbers())


def test_overwriting_is_logged_once_a_minute_with_how_many(tmp_path: Path) -> None:
    letters = Letters(tmp_path / "letters", 2000)
    letters.put_all(200)
    said = [line for line in letters.log.getvalue().splitlines() if "overwritten" in line]
    assert len(said) == 1
    assert "level=warn" in said[0]
    assert f"file={tmp_path}/letters.1" in said[0]
    before = letters.file.overwritten
    letters.clock.now += 61.0
    letters.put_all(20)
    said = [line for line in letters.log.getvalue().splitlines() if "overwritten" in line]
    assert len(said) == 2
    assert int(said[1].split("overwritten_total=")[1].split()[0]) > before


def test_a_letter_that_is_longer_than_the_limit_is_kept_whole(tmp_path: Path) -> None:
    letters = Letters(tmp_path / "letters", 1000)
    letters.put_all(3, text="x" * 3000)
    assert letters.numbers() == [1, 2]
    assert letters.file.overwritten == 1


def test_a_file_that_cannot_be_opened_again_closes_nothing_of_anybody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = Letters(tmp_path / "letters", 2000)
    letters.put_all(4)
    opened, closed = os.open, os.close
    shut: list[int] = []

    def refuse(path: str, mode: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files", path)

    def close(descriptor: int) -> None:
        shut.append(descriptor)
        closed(descriptor)

    monkeypatch.setattr(os, "close", close)
    monkeypatch.setattr(deadletter, "open_to_append", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        letters.put_all(4)
    assert len(shut) == len(set(shut))
    monkeypatch.undo()
    letters.put_all(4)
    assert opened is os.open
    assert letters.file.written == 8


def test_a_disk_that_fills_up_in_the_middle_leaves_no_letter_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = Letters(tmp_path / "letters", 2000)
    real, calls = append_whole, iter([True, False])

    def append(descriptor: int, data: bytes) -> None:
        if not next(calls, True):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor, data)

    monkeypatch.setattr(deadletter, "append_whole", append)
    refused = [(batch(12), Rejection(0, index, "400", "no")) for index in range(12)]
    while refused:
        try:
            del refused[: letters.file.put("es.0", refused)]
        except OSError:
            continue
    kept = letters.numbers()
    assert kept == list(range(12 - len(kept), 12))
    assert letters.file.written == 12 == len(kept) + letters.file.overwritten


def test_what_is_put_aside_is_on_disk_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    monkeypatch.setattr(os, "fsync", note)
    letters = Letters(tmp_path / "letters", MIB)
    letters.put_all(1)
    assert synced == [f"{tmp_path}/letters", str(tmp_path)], "a new name is one of the directory"
    letters.put_all(1)
    assert synced[2:] == [f"{tmp_path}/letters"]


class Refusing(Collecting):
    """Refuses every record."""

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        return Outcome(
            [
                Rejection(number, index, "400", "no")
                for number, each in enumerate(batches)
                for index in range(len(each))
            ]
        )


async def test_records_are_rejected_once_however_many_files_they_take(tmp_path: Path) -> None:
    desk = Desk(Refusing(), letters=tmp_path / "letters", letters_limit=3000)
    desk.put(100)
    async with desk.at_work():
        await desk.until_settled("batch")
    assert (desk.ledger.rejected["400"], desk.ledger.in_flight) == (100, 0)
    assert desk.dead_letters.written == 100
    assert desk.ledger.outputs["out"].rejected == 100
