"""Finding files by globs, and saying what keeps one from being read."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from pillion.tail.errors import Identity, explain_denied
from pillion.tail.glob.patterns import path_regex
from pillion.tail.glob.search import GlobSearch
from pillion.tail.rotation.names import is_compressed_name, is_old_name, original_names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.tail.conftest import Bench


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.log",
        "b.txt",
        ".hidden.log",
        "x/a.log",
        "x/y/a.log",
        "x/y/[1].log",
        ".d/a.log",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.log", ["a.log"]),
        ("*", ["a.log", "b.txt"]),
        (".*.log", [".hidden.log"]),
        ("[ab].*", ["a.log", "b.txt"]),
        ("[!a].*", ["b.txt"]),
        ("?.txt", ["b.txt"]),
        ("*/a.log", ["x/a.log"]),
        ("**/a.log", ["a.log", "x/a.log", "x/y/a.log"]),
        ("x/**", ["x/a.log", "x/y/[1].log", "x/y/a.log"]),
        ("**/y/*", ["x/y/[1].log", "x/y/a.log"]),
        ("x/y/[[]1].log", ["x/y/[1].log"]),
        ("*/y/a.log", ["x/y/a.log"]),
        ("none*", []),
    ],
)
def test_a_glob_finds(tree: Path, pattern: str, expected: list[str]) -> None:
    found = GlobSearch([f"{tree}/{pattern}"], []).search()
    assert [path.removeprefix(f"{tree}/") for path in found.paths] == expected
    for name in expected:
        assert GlobSearch([f"{tree}/{pattern}"], []).covers(f"{tree}/{name}")


@pytest.mark.parametrize("exclude", ["b.*", "*.txt", "/**/*.txt", "/**/b.txt"])
def test_what_is_excluded_is_left_out(tree: Path, exclude: str) -> None:
    found = GlobSearch([f"{tree}/*"], [exclude]).search()
    assert list(found.paths) == [f"{tree}/a.log"]


def test_a_star_stays_within_a_name() -> None:
    assert not path_regex("/a/*.log").fullmatch("/a/b/c.log")
    assert path_regex("/a/**/*.log").fullmatch("/a/c.log")


def test_a_link_back_to_its_own_start_is_not_followed_for_ever(tree: Path) -> None:
    (tree / "x" / "loop").symlink_to(tree)
    found = GlobSearch([f"{tree}/**/a.log"], []).search()
    assert len(found.paths) == 3


def test_ten_thousand_files_are_found_once_each(tmp_path: Path) -> None:
    for number in range(10_000):
        os.close(os.open(f"{tmp_path}/{number}.log", os.O_CREAT))
    found = GlobSearch([f"{tmp_path}/*.log", f"{tmp_path}/1*"], []).search()
    assert len(found.paths) == 10_000


def test_a_new_file_in_a_new_directory_is_found(bench: Bench) -> None:
    bench.open("**/*.log")
    assert bench.read() == b""
    os.mkdir(bench.path("new"))
    bench.write("new/a.log", b"1\n")
    assert bench.read() == b"1\n"


def test_two_names_of_one_file_are_read_once(bench: Bench) -> None:
    bench.write("a.log", b"1\n")
    os.link(bench.path("a.log"), bench.path("b.log"))
    os.symlink("a.log", bench.path("c.log"))
    bench.open("*.log")
    assert bench.read() == b"1\n"


def test_a_glob_that_matches_nothing_is_said_once(bench: Bench) -> None:
    bench.open("*.log")
    for _ in range(5):
        bench.read()
    assert bench.log.getvalue().count("nothing matches yet") == 1


def test_a_missing_file_is_said_once(bench: Bench) -> None:
    bench.open("a.log")
    for _ in range(5):
        bench.read()
    assert bench.log.getvalue().count("waiting for a file to appear") == 1


def test_what_is_no_file_is_named_once_for_what_it_is(bench: Bench) -> None:
    os.mkdir(bench.path("directory"))
    os.mkfifo(bench.path("fifo"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(bench.path("socket"))
        os.symlink("/dev/null", bench.path("device"))
        bench.open("directory", "fifo", "socket", "device")
        for _ in range(5):
            assert bench.read() == b""
    log = bench.log.getvalue()
    assert log.count("is a directory; name its files with a glob") == 1
    assert log.count("is a FIFO") == 1
    assert log.count("is a socket") == 1
    assert log.count("is a character device") == 1
    assert len(bench.tailer.refused) == 4


def test_a_directory_that_gives_way_to_a_file_is_taken_up(bench: Bench) -> None:
    os.mkdir(bench.path("a.log"))
    bench.open("a.log")
    bench.read()
    os.rmdir(bench.path("a.log"))
    bench.write("a.log", b"1\n")
    assert bench.read() == b"1\n"
    assert len(bench.tailer.refused) == 0


def test_a_file_that_may_not_be_read_is_said_once_and_taken_up_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open
    denied = True

    def open_(path: str, flags: int, mode: int = 0o777) -> int:
        if denied and path.endswith("a.log"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", open_)
    bench.write("a.log", b"1\n")
    bench.open("a.log")
    for _ in range(5):
        assert bench.read() == b""
    assert bench.log.getvalue().count("may not be read") == 1
    denied = False
    assert bench.read() == b"1\n"
    assert "is read now" in bench.log.getvalue()


def test_the_group_that_may_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch()
    path.chmod(0o640)
    os.chown(path, 1001, 2002)
    for parent in list(path.parents)[:-1]:
        parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    sentence = explain_denied(str(path), Identity(65532, (65532, 100)))
    assert sentence == (
        f"{path} may not be read: it belongs to 1001:2002 with mode 0640, and this process has "
        "uid 65532 and gids 65532, 100; in the pod's securityContext, `supplementalGroups: [2002]`"
        " or `fsGroup: 2002` mends it"
    )


def test_the_user_that_may_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch()
    path.chmod(0o600)
    os.chown(path, 1001, 2002)
    for parent in list(path.parents)[:-1]:
        parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    assert "`runAsUser: 1001` mends it" in explain_denied(str(path), Identity(65532, (65532,)))


def test_root_s_group_is_named_where_it_may_read(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.touch()
    path.chmod(0o640)
    os.chown(path, 0, 0)
    for parent in list(path.parents)[:-1]:
        parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    sentence = explain_denied(str(path), Identity(65532, (65532,)))
    assert sentence.endswith("in this container's securityContext, `runAsGroup: 0` mends it")


def test_a_directory_in_the_way_is_the_one_that_is_named(tmp_path: Path) -> None:
    directory = tmp_path / "closed"
    directory.mkdir()
    (directory / "a.log").touch()
    directory.chmod(0o750)
    os.chown(directory, 0, 5)
    for parent in list(directory.parents)[:-1]:
        parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    sentence = explain_denied(f"{directory}/a.log", Identity(65532, (65532,)))
    assert sentence.startswith(f"{directory} may not be listed and entered: it belongs to 0:5")


@pytest.mark.parametrize(
    "name",
    ["app.log.1", "app.log.10", "app.log-20260101", "app.log.2026-01-01_12", "app.log.old",
     "app-20260101.log", "app.1.log", "app-2026-01-01T10:00:00.log", "app.log.20260101T000000Z",
     "app__2026-01-01_00-00-00.log"],
)  # fmt: skip
def test_is_an_old_name_of_app_log(name: str) -> None:
    assert is_old_name(name, "app.log")
    assert is_compressed_name(f"{name}.gz", "app.log")


@pytest.mark.parametrize("end", ["s", "t", "u"])
def test_is_an_old_name_of_current(end: str) -> None:
    name = f"@400000006a24c1d81f2e3a4c.{end}"
    assert is_old_name(name, "current")
    assert not is_old_name(name, "app.log")
    assert not is_old_name(f"{name}.more", "current")
    assert list(original_names(name)) == ["current"]


@pytest.mark.parametrize(
    "name", ["app.log", "app.log.gz", "app.logs", "app-error.log", "app.log.1.gz", "b.log.1", "app"]
)
def test_is_no_old_name_of_app_log(name: str) -> None:
    assert not is_old_name(name, "app.log")
