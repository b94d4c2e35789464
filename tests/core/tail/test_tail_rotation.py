"""Rotation in every way that it is done: nothing lost, nothing twice, old before new."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.core.tail.conftest import Bench


def test_what_is_there_and_what_is_appended_is_read(bench: Bench) -> None:
    bench.write("a.log", b"one\n")
    bench.open("a.log")
    assert bench.read() == b"one\n"
    bench.append("a.log", b"two\nthree\n")
    assert bench.read() == b"two\nthree\n"


def test_a_file_that_does_not_exist_yet_is_waited_for_and_read_whole(bench: Bench) -> None:
    bench.open("a.log")
    assert bench.read() == b""
    bench.write("a.log", b"one\n")
    assert bench.read() == b"one\n"


def test_after_rename_and_create_the_old_file_is_read_to_its_end_first(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    assert bench.read() == b"1\n"
    bench.append("a.log", b"2\n")
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"3\n")
    assert bench.read() == b"2\n3\n"


def test_what_is_appended_to_a_renamed_file_is_still_read(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"3\n")
    assert bench.read() == b"3\n"
    bench.append("a.log.1", b"2\n")
    assert bench.read() == b"2\n"


def test_generations_that_came_and_went_between_two_looks_are_read_in_order(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    bench.append("a.log", b"2\n")
    for number in range(3, 6):
        for old in range(number, 0, -1):
            if os.path.exists(bench.path(f"a.log.{old}")):
                bench.rename(f"a.log.{old}", f"a.log.{old + 1}")
        bench.rename("a.log", "a.log.1")
        bench.write("a.log", b"%d\n" % number)
    assert bench.read() == b"2\n3\n4\n5\n"


def test_a_deleted_file_is_read_to_its_end(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    bench.append("a.log", b"2\n")
    os.unlink(bench.path("a.log"))
    assert bench.read() == b"2\n"


def test_a_file_that_is_deleted_and_created_anew_is_read_from_its_beginning(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    os.unlink(bench.path("a.log"))
    bench.write("a.log", b"1\n")
    assert bench.read() == b"1\n"


def test_a_symlink_that_is_swapped_leads_to_the_new_file_after_the_old_one(bench: Bench) -> None:
    bench.write("one", b"1\n")
    bench.write("two", b"3\n")
    os.symlink("one", bench.path("a.log"))
    bench.open("a.log")
    assert bench.read() == b"1\n"
    bench.append("one", b"2\n")
    os.symlink("two", bench.path("new"))
    bench.rename("new", "a.log")
    assert bench.read() == b"2\n3\n"


def test_what_came_and_went_behind_a_link_is_read_in_order(bench: Bench) -> None:
    """A kubelet links `pod_shop_api.log` to `0.log`, and renames that with a time."""
    os.mkdir(bench.path("pods"))
    bench.write("pods/0.log", b"1\n")
    os.symlink(bench.path("pods/0.log"), bench.path("pod_shop_api.log"))
    bench.open("*.log", state=True)
    assert bench.read() == b"1\n"
    rotate_twice(bench, 2)
    assert bench.read() == b"2\n3\n4\n"
    bench.close()
    rotate_twice(bench, 5)
    bench.open("*.log", state=True)
    assert bench.read() == b"5\n6\n7\n"


def rotate_twice(bench: Bench, number: int) -> None:
    bench.append("pods/0.log", b"%d\n" % number)
    bench.rename("pods/0.log", f"pods/0.log.20260101-00000{number}")
    bench.append("pods/0.log", b"%d\n" % (number + 1))
    bench.rename("pods/0.log", f"pods/0.log.20260101-00000{number + 1}")
    bench.append("pods/0.log", b"%d\n" % (number + 2))


def test_copytruncate_is_followed_and_the_copy_gives_what_was_not_read(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    assert bench.read() == b"1\n"
    bench.append("a.log", b"2\n")
    bench.copytruncate("a.log", "a.log.1")
    bench.append("a.log", b"3\n")
    assert bench.read() == b"2\n3\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_copytruncate_of_a_file_of_which_nothing_was_read_loses_nothing(bench: Bench) -> None:
    bench.write("a.log", b"hel")
    bench.open("a.log")
    assert bench.read() == b""
    bench.append("a.log", b"lo\n")
    bench.copytruncate("a.log", "a.log.1")
    bench.append("a.log", b"2\n")
    assert bench.read() == b"hello\n2\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_truncation_and_growth_past_the_position_is_noticed_by_the_content(bench: Bench) -> None:
    bench.write("a.log", b"banner\n1\n")
    bench.open("a.log")
    bench.read()
    bench.write("a.log", b"banner\n2\n3\n4\n5\n")
    assert bench.read() == b"banner\n2\n3\n4\n5\n"


def test_truncation_and_growth_to_the_very_same_size_is_noticed(bench: Bench) -> None:
    bench.write("a.log", b"banner\n1\n")
    bench.open("a.log")
    bench.read()
    os.utime(bench.path("a.log"), (1, 1))
    bench.write("a.log", b"banner\n2\n")
    assert bench.read() == b"banner\n2\n"


def test_truncation_without_a_copy_counts_what_was_known_to_be_unread(bench: Bench) -> None:
    bench.write("a.log", b"1\n" + b"x" * 100_000)
    bench.open("a.log")
    assert bench.read() == b"1\n"
    bench.write("a.log", b"")
    assert bench.read() == b""
    assert bench.tailer.ledger.lost["truncated_unread"] == 100_000
    assert "lost_bytes=100000" in bench.log.getvalue()


def test_a_cut_above_the_position_loses_only_what_was_cut(bench: Bench) -> None:
    bench.write("a.log", b"1\n2\n")
    bench.open("a.log", in_flight_bytes=1024, chunk_bytes=1024, max_line_bytes=100)
    lines = b"".join([b"line %06d\n" % number for number in range(10_000)])
    bench.write("a.log", lines)
    came = b""
    while len(came) < 80_000:
        bench.clock.now += 1.1
        chunks = bench.tailer.step()
        came = b"".join([came, *[chunk.data for chunk in chunks]])
        for chunk in chunks:
            chunk.ack()
    os.truncate(bench.path("a.log"), len(came) + 24)
    assert bench.read() == lines[len(came) : len(came) + 24]
    lost = len(lines) - len(came) - 24
    assert bench.tailer.ledger.lost["truncated_unread"] == lost


def test_a_short_file_that_was_cut_above_the_position_is_read_again(bench: Bench) -> None:
    bench.write("a.log", b"1\n2\n")
    bench.open("a.log", in_flight_bytes=1024, chunk_bytes=1024, max_line_bytes=100)
    bench.write("a.log", b"a\n" * 512 + b"b\n" * 1000)
    held = bench.chunks(ack=False)
    os.truncate(bench.path("a.log"), 1024 + 200)
    bench.clock.now += 1.1
    assert bench.tailer.step() == []
    assert bench.tailer.ledger.lost["truncated_unread"] == 2000
    for chunk in held:
        chunk.ack()
    assert bench.read() == b"a\n" * 512 + b"b\n" * 100


def test_an_unfinished_line_is_finished_in_the_renamed_file(bench: Bench) -> None:
    bench.write("a.log", b"hel")
    bench.open("a.log")
    assert bench.read() == b""
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"next\n")
    assert bench.read() == b""
    bench.append("a.log.1", b"lo\n")
    assert bench.read() == b"hello\nnext\n"


def test_an_unfinished_line_of_a_truncated_file_is_delivered_from_memory(bench: Bench) -> None:
    bench.write("a.log", b"1\nhel")
    bench.open("a.log")
    assert bench.read() == b"1\n"
    os.truncate(bench.path("a.log"), 0)
    assert bench.read() == b"hel"
    assert bench.tailer.ledger.bytes_lost == 0


def test_an_unfinished_line_of_a_truncated_file_waits_until_there_is_room(bench: Bench) -> None:
    bench.open("a.log", "b.log", chunk_bytes=1024, max_line_bytes=1023, in_flight_bytes=1024)
    bench.append("b.log", b"unfinished")
    assert bench.read() == b""
    bench.append("a.log", b"1234567\n" * 128)
    held = bench.chunks(ack=False)
    bench.write("b.log", b"new\n")
    assert bench.chunks() == []
    for chunk in held:
        chunk.ack()
    late, new = bench.chunks(after=0.0)
    assert (late.data, late.ends_line, new.data) == (b"unfinished", False, b"new\n")
    assert late.identity != new.identity
    assert bench.tailer.ledger.bytes_lost == 0
    bench.assert_balanced()


def test_a_rotated_file_that_matches_the_glob_is_not_read_twice(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log*", rotate_wait=5.0)
    assert bench.read() == b"1\n"
    for number in range(2, 6):
        for old in range(number, 0, -1):
            if os.path.exists(bench.path(f"a.log.{old}")):
                bench.rename(f"a.log.{old}", f"a.log.{old + 1}")
        bench.rename("a.log", "a.log.1")
        bench.write("a.log", b"%d\n" % number)
        assert bench.read() == b"%d\n" % number
    for _ in range(10):
        assert bench.read(after=6) == b""


def test_a_renamed_file_that_comes_back_is_not_read_twice(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    bench.rename("a.log", "b")
    assert bench.read() == b""
    bench.rename("b", "a.log")
    bench.append("a.log", b"2\n")
    assert bench.read() == b"2\n"


def test_an_old_file_is_closed_once_it_has_been_quiet_and_is_read(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log", rotate_wait=30.0)
    bench.read()
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"2\n")
    bench.read()
    assert bench.tailer.open_files == 2
    bench.read(after=31)
    bench.read()
    assert bench.tailer.open_files == 1


def test_many_rotations_leave_nothing_behind(bench: Bench) -> None:
    bench.write("a.log", b"0\n")
    bench.open("a.log", rotate_wait=5.0)
    bench.read()
    for number in range(200):
        bench.rename("a.log", "a.log.1")
        bench.write("a.log", b"%d\n" % number)
        assert bench.read(after=0.3) == b"%d\n" % number
    assert bench.tailer.open_files < 20
    assert len(bench.tailer._registry.done()) <= 32


def test_so_it_is_where_the_directory_never_rests(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever has changed has changed just now.
    monkeypatch.setattr(bench, "wall_ns", lambda: os.stat(bench.directory).st_mtime_ns)
    bench.open("current")
    assert bench.read() == b""
    for number in range(300):
        bench.write("current", b"%d\n" % number)
        assert bench.read(after=0.3) == b"%d\n" % number
        bench.rename("current", f"@{number:024x}.s")
    assert bench.tailer.open_files < 10


def test_an_old_file_that_is_compressed_behind_us_is_read_to_its_end(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    bench.read()
    bench.append("a.log", b"2\n")
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"3\n")
    bench.write("a.log.1.gz", b"\x1f\x8b")
    os.unlink(bench.path("a.log.1"))
    assert bench.read() == b"2\n3\n"


def test_a_file_that_is_truncated_filled_and_deleted_between_two_looks_is_read(
    bench: Bench,
) -> None:
    bench.write("a.log", b"first\n")
    bench.open("a.log")
    assert bench.read() == b"first\n"
    bench.append("a.log", b"rest\n")
    bench.copytruncate("a.log", "a.log.1")
    bench.append("a.log", b"second\n")
    os.unlink(bench.path("a.log"))
    bench.write("a.log", b"third\n")
    assert bench.read() == b"rest\nsecond\nthird\n"


def test_a_file_that_was_empty_filled_and_copied_away_between_two_looks_is_read(
    bench: Bench,
) -> None:
    bench.write("a.log", b"first\n")
    bench.open("a.log")
    assert bench.read() == b"first\n"
    bench.copytruncate("a.log", "a.log.1")
    assert bench.read() == b""
    bench.append("a.log", b"second\n")
    bench.copytruncate("a.log", "a.log.2")
    assert bench.read() == b"second\n"


def test_a_file_that_is_truncated_and_then_renamed_between_two_looks_is_read_once(
    bench: Bench,
) -> None:
    bench.write("a.log", b"first\n")
    bench.open("a.log")
    assert bench.read() == b"first\n"
    bench.copytruncate("a.log", "a.log.2")
    bench.append("a.log", b"second\n")
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"third\n")
    assert bench.read() == b"second\nthird\n"
    assert bench.read() == b""
