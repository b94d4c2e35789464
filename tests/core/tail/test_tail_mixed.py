"""A file that is copied away, cut, and filled with what it began with, while it is being read.

What is read of it then is of two generations, and agrees with no copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.tail.opener import Opener

if TYPE_CHECKING:
    from pillion.tail.follower import Follower
    from tests.core.tail.conftest import Bench

BANNER = b"tick\n" * 1000
OLD = BANNER + b"old one\nold two\n"
SHORTER = BANNER + b"new\n"
LONGER = BANNER + b"new\n" * 1000


def begin(bench: Bench, *, max_open_files: int = 0) -> bytes:
    """Read the beginning of a file, as far as what is in flight allows; return it."""
    bench.open(
        "app.log",
        chunk_bytes=1024,
        max_line_bytes=1024,
        in_flight_bytes=2048,
        max_open_files=max_open_files,
    )
    bench.append("app.log", OLD)
    bench.clock.now += 1.1
    chunks = bench.tailer.step()
    for chunk in chunks:
        chunk.ack()
    came = b"".join([chunk.data for chunk in chunks])
    assert 0 < len(came) < len(BANNER)
    return came


def assert_all_came(came: bytes, new: bytes) -> None:
    lines = came.splitlines()
    assert b"old one" in lines
    assert b"old two" in lines
    assert lines.count(b"tick") >= 2000
    assert lines.count(b"new") >= new.count(b"new\n")


@pytest.mark.parametrize("new", [SHORTER, LONGER], ids=["shorter", "longer"])
@pytest.mark.parametrize("after", [0.0, 1.1], ids=["read first", "looked at first"])
def test_the_rest_of_it_is_read_from_the_copy(bench: Bench, new: bytes, after: float) -> None:
    came = begin(bench)
    bench.copytruncate("app.log", "app.log.1")
    bench.append("app.log", new)
    came += bench.read(after=after)
    came += bench.read()
    assert_all_came(came, new)
    bench.assert_balanced()


@pytest.mark.parametrize("new", [SHORTER, LONGER], ids=["shorter", "longer"])
def test_so_it_is_where_the_cut_comes_long_after_the_copy(bench: Bench, new: bytes) -> None:
    came = begin(bench)
    bench.write("app.log.1", OLD)
    held = bench.tailer.step()
    came += b"".join([chunk.data for chunk in held])
    for _ in range(2):
        bench.clock.now += 60.0
        bench.later_ns += 60_000_000_000
        assert bench.tailer.step() == []  # it looks: there is a copy, and nothing else is new
    bench.write("app.log", new)
    for chunk in held:
        chunk.ack()
    came += bench.read()
    came += bench.read()
    assert_all_came(came, new)


def test_what_was_seen_of_a_file_is_not_lost_where_its_copy_is_read_already(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open("app.log")
    bench.append("app.log", b"one\n")
    assert bench.read() == b"one\n"
    bench.copytruncate("app.log", "app.log.1")
    bench.append("app.log", b"two\n")
    real, due = Opener._adopt, [b"three\n"]

    def adopt(opener: Opener, follower: Follower, since_ns: int, now: float) -> bool:
        while due:  # it is copied and cut once more, just before what is beside it is searched
            bench.copytruncate("app.log", "app.log.2")
            bench.append("app.log", due.pop())
        return real(opener, follower, since_ns, now)

    monkeypatch.setattr(Opener, "_adopt", adopt)
    came = bench.read()
    assert sorted(came.splitlines()) == [b"three", b"two"]
    assert bench.tailer.ledger.bytes_lost == 0


def test_so_it_is_where_it_was_closed_to_spare_descriptors(bench: Bench) -> None:
    came = begin(bench, max_open_files=1)
    bench.tailer._registry.make_room()
    bench.copytruncate("app.log", "app.log.1")
    bench.append("app.log", LONGER)
    came += bench.read()
    came += bench.read()
    assert_all_came(came, LONGER)


def test_a_file_that_is_cut_while_it_is_closed_to_spare_descriptors_is_read_from_its_copy(
    bench: Bench,
) -> None:
    came = begin(bench, max_open_files=1)
    bench.tailer._registry.make_room()
    bench.copytruncate("app.log", "app.log.1")
    bench.append("app.log", b"other\n")
    came += bench.read()
    came += bench.read()
    assert came == OLD + b"other\n"
    assert bench.tailer.ledger.bytes_lost == 0
    bench.assert_balanced()


def test_so_it_is_where_nothing_was_read_of_it(bench: Bench) -> None:
    bench.open("app.log", "b.log", chunk_bytes=1024, max_line_bytes=1023, in_flight_bytes=1024)
    bench.append("b.log", b"b\n" * 512)
    held = bench.chunks(ack=False)
    bench.append("app.log", OLD)
    assert bench.chunks() == []
    bench.tailer._registry.make_room()
    bench.copytruncate("app.log", "app.log.1")
    bench.append("app.log", b"other\n")
    for chunk in held:
        chunk.ack()
    came = bench.read() + bench.read()
    assert came == OLD + b"other\n"
    assert bench.tailer.ledger.bytes_lost == 0
