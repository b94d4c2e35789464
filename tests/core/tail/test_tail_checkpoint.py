"""The checkpoint on disk: whole or not at all, healed where it is damaged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.tail.checkpoint.format import (
    Entry,
    Snapshot,
    UnreadableError,
    decode,
    encode,
    encode_entry,
)
from pillion.tail.fingerprint import Fingerprint

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

NUMBERS = st.integers(0, 2**63)
ENTRIES = st.builds(
    Entry,
    path=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
    key=st.tuples(NUMBERS, NUMBERS),
    ordinal=NUMBERS,
    identity=st.sampled_from(["", "1-2-0-0badcafe"]),
    fingerprint=st.builds(Fingerprint, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    size=NUMBERS,
    line=st.sampled_from(["whole", "middle", "skipping"]),
    is_done=st.booleans(),
)


@given(st.lists(ENTRIES), NUMBERS)
def test_what_was_encoded_is_decoded(entries: list[Entry], looked_ns: int) -> None:
    text = encode([encode_entry(entry) for entry in entries], looked_ns)
    assert decode(text) == Snapshot(tuple(entries), looked_ns)


@given(st.lists(ENTRIES, max_size=3), st.data())
def test_any_change_of_any_byte_is_noticed(entries: list[Entry], data: st.DataObject) -> None:
    text = encode([encode_entry(entry) for entry in entries], 1)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = bytearray(text)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UnreadableError):
        decode(bytes(changed))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not a checkpoint of pillion"),
        (b"{}\n", "not a checkpoint of pillion"),
        (b"pillion-tail 3 00000000 1 0\n", "version b'3'"),
        (b"pillion-tail 1 00000000 1 0\n", "damaged or cut short"),
    ],
)
def test_what_is_no_checkpoint_is_named_for_what_it_is(text: bytes, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        decode(text)


def damage(bench: Bench, name: str) -> None:
    with open(bench.path(f"state/{name}"), "r+b") as file:
        file.seek(30)
        file.write(b"\0\0\0")


def written(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    bench.read()
    bench.tailer.save()
    bench.append("a.log", b"2\n")
    bench.read(after=0.5)
    bench.close()


def test_a_damaged_checkpoint_is_set_aside_and_the_previous_one_used(bench: Bench) -> None:
    written(bench)
    damage(bench, "tail.checkpoint")
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n"
    assert os.path.exists(bench.path("state/tail.checkpoint.unreadable"))
    assert "damaged or cut short" in bench.log.getvalue()


def test_without_a_readable_copy_every_file_is_read_anew(bench: Bench) -> None:
    written(bench)
    damage(bench, "tail.checkpoint")
    damage(bench, "tail.checkpoint.previous")
    bench.open("a.log", state=True)
    assert bench.read() == b"1\n2\n"


def test_a_crash_between_the_two_renames_loses_nothing(bench: Bench) -> None:
    written(bench)
    bench.rename("state/tail.checkpoint", "state/tail.checkpoint.new")
    bench.open("a.log", state=True)
    assert bench.read() == b""


def test_another_programs_file_is_kept_and_said(bench: Bench) -> None:
    os.mkdir(bench.path("state"))
    bench.write("state/tail.checkpoint", b"something else\n")
    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    assert bench.read() == b"1\n"
    with open(bench.path("state/tail.checkpoint.unreadable"), "rb") as file:
        assert file.read() == b"something else\n"


def test_a_write_that_fails_is_said_once_and_made_good_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        bench.read()
        bench.append("a.log", b"2\n")
        assert bench.read() == b"2\n"
        bench.read()
    assert bench.log.getvalue().count("cannot be written") == 1
    bench.read()
    assert "is written again" in bench.log.getvalue()


def test_there_is_one_write_a_second_at_most(bench: Bench) -> None:
    bench.write("a.log", b"")
    bench.open("a.log", state=True)
    bench.read()
    checkpoint = bench.tailer.checkpoint
    assert checkpoint is not None
    before = checkpoint.writes
    for _ in range(100):
        bench.append("a.log", b"1\n")
        bench.read(after=0.03)
    assert 2 <= checkpoint.writes - before <= 4


def test_nothing_is_written_while_nothing_happens(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    bench.read()
    bench.read()
    checkpoint = bench.tailer.checkpoint
    assert checkpoint is not None
    before = checkpoint.writes
    for _ in range(20):
        bench.read()
    assert checkpoint.writes == before
