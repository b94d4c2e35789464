"""After a restart: each file goes on where it was acknowledged, wherever it is by now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion.tail import Checkpoint, LastLines, Tailer
from pillion.tail.lowlevel import PollingWaker

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench


def restart(bench: Bench, *names: str, **options: object) -> None:
    bench.close()
    bench.open(*names, state=True, **options)


def start(bench: Bench, content: bytes) -> None:
    bench.write("a.log", content)
    bench.open("a.log", state=True)
    assert bench.read() == content


def test_reading_goes_on_where_it_was(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    restart(bench, "a.log")
    assert bench.read() == b"2\n"


def test_after_a_crash_only_what_was_not_in_the_checkpoint_comes_again(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.tailer.save()
    bench.append("a.log", b"2\n")
    assert len(bench.chunks(after=0.5)) == 1
    bench.crash()
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n"


def test_what_is_not_acknowledged_comes_again(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    bench.chunks(ack=False)
    restart(bench, "a.log")
    assert bench.read() == b"2\n"


def test_a_gap_in_the_acknowledgements_holds_the_position(bench: Bench) -> None:
    bench.write("a.log", b"x" * 1023 + b"\n" + b"y" * 1023 + b"\n" + b"z" * 1023 + b"\n")
    bench.open("a.log", state=True, chunk_bytes=1024)
    first, second, third = bench.chunks(ack=False)
    first.ack()
    third.ack()
    restart(bench, "a.log")
    assert bench.read() == second.data + third.data


def test_an_unfinished_line_is_carried_over(bench: Bench) -> None:
    bench.write("a.log", b"1\nhel")
    bench.open("a.log", state=True)
    assert bench.read() == b"1\n"
    restart(bench, "a.log")
    assert bench.read() == b""
    bench.append("a.log", b"lo\n")
    assert bench.read() == b"hello\n"


def test_old_generations_beside_the_path_are_read_first_and_in_order(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    bench.close()
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"3\n")
    bench.rename("a.log.1", "a.log.2")
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"4\n")
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n3\n4\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_an_old_generation_is_found_where_nothing_is_at_the_path(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    bench.close()
    bench.rename("a.log", "a-20260101.log")
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n"
    bench.write("a.log", b"3\n")
    assert bench.read() == b"3\n"


def test_a_copy_of_a_truncated_file_is_found_by_its_content(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    bench.close()
    bench.copytruncate("a.log", "a.log.1")
    bench.append("a.log", b"3\n")
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n3\n"


def test_two_generations_in_hand_are_both_taken_up_again(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"3\n")
    bench.chunks(ack=False)
    restart(bench, "a.log")
    assert bench.read() == b"2\n3\n"
    restart(bench, "a.log")
    assert bench.read() == b""


def test_a_finished_generation_is_not_read_again_under_its_new_name(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log*", state=True, rotate_wait=5.0)
    bench.read()
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"2\n")
    assert bench.read() == b"2\n"
    for _ in range(3):
        assert bench.read(after=10) == b""
    restart(bench, "a.log*")
    assert bench.read() == b""


def test_what_a_finished_generation_got_late_is_read_after_a_restart(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log*", state=True, rotate_wait=5.0)
    bench.read()
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"2\n")
    for _ in range(3):
        bench.read(after=10)
    bench.close()
    bench.append("a.log.1", b"late\n")
    bench.open("a.log*", state=True)
    assert bench.read() == b"late\n"


def test_a_file_that_took_the_place_of_another_is_read_from_its_beginning(bench: Bench) -> None:
    content = b"".join([b"line %d\n" % number for number in range(300)])
    start(bench, content)
    bench.close()
    bench.write("copy", content + b"more\n")
    os.replace(bench.path("copy"), bench.path("a.log"))
    bench.open("a.log", state=True)
    assert bench.read() == content + b"more\n", "that it begins alike proves nothing"


def test_a_short_file_that_begins_alike_is_read_anew_for_safety(bench: Bench) -> None:
    start(bench, b"banner\n")
    bench.close()
    bench.write("new", b"banner\n1\n")
    os.replace(bench.path("new"), bench.path("a.log"))
    bench.open("a.log", state=True)
    assert bench.read() == b"banner\n1\n"


def test_a_reused_inode_is_told_by_its_content(bench: Bench) -> None:
    start(bench, b"banner\n1\n")
    bench.close()
    bench.write("a.log", b"banner\n2\n3\n")
    bench.open("a.log", state=True)
    assert bench.read() == b"banner\n2\n3\n"


def test_a_file_that_is_gone_is_counted_as_far_as_its_size_was_known(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2222\n")
    bench.chunks(ack=False)
    bench.close()
    os.unlink(bench.path("a.log"))
    bench.open("a.log", state=True)
    assert bench.read() == b""
    assert bench.tailer.ledger.lost["deleted_unread"] == 5
    assert "deleted while nobody was reading" in bench.log.getvalue()


def test_a_file_that_was_compressed_meanwhile_is_counted_as_such(bench: Bench) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2222\n")
    bench.chunks(ack=False)
    bench.close()
    os.unlink(bench.path("a.log"))
    bench.write("a.log.1.gz", b"\x1f\x8b")
    bench.open("a.log", state=True)
    assert bench.read() == b""
    assert bench.tailer.ledger.lost["rotated_unread"] == 5


def test_where_to_start_counts_only_at_the_very_first_start(bench: Bench) -> None:
    bench.write("a.log", b"1\n2\n3\n")
    bench.open("*.log", state=True, start=LastLines(1))
    assert bench.read() == b"3\n"
    bench.close()
    bench.write("b.log", b"1\n2\n")
    bench.open("*.log", state=True, start=LastLines(1))
    assert bench.read() == b"1\n2\n"


def test_the_identity_of_a_generation_outlives_rename_and_restart(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    (first,) = bench.chunks()
    bench.append("a.log", b"2\n")
    bench.close()
    bench.rename("a.log", "a.log.1")
    bench.write("a.log", b"1\n")
    bench.open("a.log", state=True)
    second, other = bench.chunks()
    assert (second.identity, second.start) == (first.identity, 2)
    assert other.identity != first.identity


def test_a_file_that_may_not_be_read_for_a_while_keeps_its_position(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(bench, b"1\n")
    bench.append("a.log", b"2\n")
    bench.close()
    real = os.open

    def open_(path: str, flags: int, mode: int = 0o777) -> int:
        if path.endswith("a.log"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", open_)
        bench.open("a.log", state=True)
        assert bench.read() == bench.read() == b""
        bench.close()
    bench.open("a.log", state=True)
    assert bench.read() == b"2\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_a_directory_in_use_by_another_is_refused(bench: Bench) -> None:
    bench.open("a.log", state=True)
    with pytest.raises(ConfigurationError, match="is in use by another process"):
        Tailer([bench.path("b.log")], checkpoint=Checkpoint(bench.path("state")), waker=_waker())


def test_a_state_that_is_no_directory_is_refused(bench: Bench) -> None:
    bench.write("state", b"")
    with pytest.raises(ConfigurationError, match="is not a directory"):
        bench.open("a.log", state=True)


def _waker() -> PollingWaker:
    return PollingWaker()


def test_a_file_that_was_copied_and_deleted_is_read_again_from_its_copy(bench: Bench) -> None:
    bench.write("a.log", b"read\n")
    bench.open("a.log", state=True)
    assert bench.read() == b"read\n"
    bench.close()
    bench.append("a.log", b"unread\n")
    bench.copytruncate("a.log", "a.log.1")
    os.unlink(bench.path("a.log"))
    bench.open("a.log", state=True)
    assert bench.read() == b"read\nunread\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_reading_goes_on_in_such_a_copy_where_its_content_tells_it_from_any_other(
    bench: Bench,
) -> None:
    lines = b"".join([b"line %06d\n" % number for number in range(10_000)])
    bench.write("a.log", lines)
    bench.open("a.log", state=True)
    assert bench.read() == lines
    bench.close()
    bench.append("a.log", b"unread\n")
    bench.copytruncate("a.log", "a.log.1")
    os.unlink(bench.path("a.log"))
    bench.open("a.log", state=True)
    assert bench.read() == b"unread\n"
    assert bench.tailer.ledger.bytes_lost == 0


def test_what_was_seen_of_a_file_that_was_copied_and_deleted_is_not_lost(bench: Bench) -> None:
    bench.write("a.log", b"read\n")
    bench.open("a.log", state=True)
    assert bench.read() == b"read\n"
    bench.append("a.log", b"seen\n")
    bench.chunks(ack=False)
    bench.tailer.save()
    bench.crash()
    bench.copytruncate("a.log", "a.log.1")
    os.unlink(bench.path("a.log"))
    bench.open("a.log", state=True)
    assert bench.read() == b"read\nseen\n"
    assert bench.tailer.ledger.bytes_lost == 0
