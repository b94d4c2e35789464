"""The command as a process: what `tail -F` does in its place, and what it does not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion_log_streamer.sink import Sink
from tests import needs
from tests.sidecars.log_streamer.conftest import COMMAND, Starter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.log"
    path.write_bytes(b"1\n2\n3\n")
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), b"1\n2\n3\n"),
        (("-n+1", "-F"), b"1\n2\n3\n"),
        (("-n", "+2", "-f"), b"2\n3\n"),
        (("-n", "1", "-F", "-q"), b"3\n"),
        (("-Fqn2",), b"2\n3\n"),
        (("--lines=1", "--retry"), b"3\n"),
        (("--output=raw",), b"1\n2\n3\n"),
        (("--output=prefix",), b"a.log: 1\na.log: 2\na.log: 3\n"),
    ],
)
def test_the_habits_of_tail_work(
    start: Starter, log: Path, arguments: tuple[str, ...], expected: bytes
) -> None:
    running = start(*arguments, log)
    assert running.read(len(expected)) == expected
    append(log, b"4\n")
    assert running.read(2)


def test_one_file_is_raw_to_the_byte_and_without_delay_for_unfinished_lines(
    start: Starter, log: Path
) -> None:
    append(log, b"\x00\xff unfinished")
    running = start(log)
    assert running.read(19) == b"1\n2\n3\n\x00\xff unfinished"[:19]


def test_several_files_have_their_names(start: Starter, log: Path) -> None:
    (log.parent / "b.log").write_bytes(b"4\n")
    running = start(f"{log.parent}/*.log")
    expected = b"a.log: 1\na.log: 2\na.log: 3\nb.log: 4\n"
    assert running.read(len(expected)) == expected


def test_into_a_file_the_bytes_are_copied(log: Path) -> None:
    out = log.parent / "out"
    with out.open("wb") as file, log.open("rb") as source:
        assert Sink(file.fileno()).copy(source.fileno(), 2, 100) == 4
    assert out.read_bytes() == b"2\n3\n"


def test_sigterm_drains_what_comes_until_it_is_quiet(start: Starter, log: Path) -> None:
    running = start("--drain.quiet=500ms", log)
    running.read(6)
    running.process.send_signal(signal.SIGTERM)
    for number in range(5):
        time.sleep(0.1)
        append(log, b"late %d\n" % number)
    status, out, errors = running.wait()
    assert (status, out) == (0, b"".join([b"late %d\n" % number for number in range(5)]))
    assert "delivered all that was read" in errors


def test_unfinished_lines_go_out_at_the_end(start: Starter, log: Path) -> None:
    append(log, b"unfinished")
    running = start("--output=prefix", "--drain.quiet=0s", log)
    running.read(27)
    status, out, _ = running.stop()
    assert (status, out) == (0, b"a.log: unfinished\n")


def test_as_pid_1_it_ends_on_sigterm(log: Path, start: Starter) -> None:
    unshare = needs.program("unshare")
    needs.root("a process id namespace")
    with subprocess.Popen(
        [unshare, "--pid", "--fork", "--kill-child", COMMAND, "--drain.quiet=0s", str(log)],
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as outer:
        assert outer.stdout is not None
        assert os.read(outer.stdout.fileno(), 6)
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        assert outer.wait(20) == 0


def test_a_closed_standard_output_ends_it_with_its_own_message(start: Starter, log: Path) -> None:
    running = start(log)
    running.read(6)
    assert running.process.stdout is not None
    running.process.stdout.close()
    append(log, b"4\n")
    assert running.process.wait(20) == 1
    assert "pillion-log-streamer: standard output is closed" in running.errors()
    running.process.stdout = None


def test_standard_output_that_nobody_reads_blocks_and_is_cut_off_at_the_end(
    start: Starter, log: Path
) -> None:
    log.write_bytes(b"x" * 99 + b"\n")
    append(log, (b"x" * 99 + b"\n") * 50_000)
    state = log.parent / "state"
    running = start("--drain.timeout=300ms", f"--state.dir={state}", "--output=prefix", log)
    taken = running.read(1000)
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    assert time.monotonic() - began < 10
    taken += running.process.communicate()[0]
    again = start(f"--state.dir={state}", "--output=prefix", log)
    lines = 50_001
    rest = again.read(lines * 107 - len(taken) // 107 * 107)
    assert (len(taken) + len(rest)) // 107 >= lines


def test_a_state_lets_a_restart_go_on_where_it_was(start: Starter, log: Path) -> None:
    state = f"--state.dir={log.parent}/state"
    running = start(state, "--drain.quiet=0s", log)
    running.read(6)
    assert running.stop()[0] == 0
    append(log, b"4\n")
    log.rename(log.parent / "a.log.1")
    log.write_bytes(b"5\n")
    assert start(state, log).read(4) == b"4\n5\n"


def test_a_state_in_use_is_refused(start: Starter, log: Path) -> None:
    state = f"--state.dir={log.parent}/state"
    start(state, log).read(6)
    status, _, errors = start(state, log).wait()
    assert status == 1
    assert "is in use by another process; give each a directory of its own" in errors


def test_it_ends_when_a_file_appears(start: Starter, log: Path) -> None:
    flag = log.parent / "done"
    running = start(f"--exit.when-file={flag}", "--drain.quiet=0s", log)
    running.read(6)
    append(log, b"4\n")
    flag.touch()
    status, out, _ = running.wait()
    assert (status, out) == (0, b"4\n")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "no file is given; name one or more, or a glob such as '/var/log/*.log'"),
        (("-",), 2, "- is standard input, which cannot be followed; name a file"),
        (("-c", "5", "a.log"), 2, "unknown flag -c"),
        (("-n", "x", "a.log"), 2, "-n: 'x' is no number of lines; write 100 for the last"),
        (("--output=xml", "a.log"), 2, "--output: 'xml' is none of raw, prefix, json"),
        (("--reclaim", "a.log"), 1, "--reclaim needs --state.dir"),
        (("--max-line-bytes=0", "a.log"), 1, "max_line_bytes is 0; 1 is the least"),
        (("[z-a].log",), 1, "invalid pattern"),
        (("--config.check", "[z-a].log"), 1, "bad character range z-a"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(
    start: Starter, arguments: tuple[str, ...], status: int, message: str
) -> None:
    found, out, errors = start(*arguments).wait()
    assert (found, out) == (status, b"")
    assert message in errors


def test_the_check_of_the_configuration_opens_nothing(start: Starter, log: Path) -> None:
    status, out, _ = start("--config.check", f"--state.dir={log.parent}/state", log).wait()
    assert (status, out) == (0, b"")
    assert not (log.parent / "state").exists()


def names_of(descriptors: Path) -> Iterator[str]:
    """Yield what open descriptors are of; one may be closed while they are listed."""
    for each in descriptors.iterdir():
        with suppress(FileNotFoundError):
            yield str(each.readlink())


def test_it_needs_no_event_loop_and_little_memory(start: Starter, log: Path) -> None:
    running = start(log)
    running.read(6)
    descriptors = Path(f"/proc/{running.process.pid}/fd")
    deadline = time.monotonic() + 20
    while not any("inotify" in name for name in names_of(descriptors)):
        assert time.monotonic() < deadline, "the watch is what it does last at its start"
        time.sleep(0.02)
    maps = Path(f"/proc/{running.process.pid}/maps").read_text()
    assert "_asyncio" not in maps
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    rss = next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
    assert rss <= 18 * 1024
