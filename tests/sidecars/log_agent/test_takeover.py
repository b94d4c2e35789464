"""A swap of images neither repeats nor skips: positions of fluent-bit and fluentd are taken over."""

from __future__ import annotations

import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from pillion_log_agent.inputs.takeover.position import Position, parse_pos_file, resolved
from tests.needs import peer
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sidecars.log_agent.running import Agent


def configured(folder: Path, db: str, more: str = "") -> Path:
    path = folder / "agent.yaml"
    path.write_text(
        "service: {flush: 0.1}\npipeline:\n"
        f"  inputs: [{{name: tail, path: {folder}/*.log, tag: t, db: {folder}/{db}{more}}}]\n"
        "  outputs: [{name: stdout, match: '*', format: json_lines}]\n"
    )
    return path


def texts(running: Agent, count: int) -> list[str]:
    found = eventually(running.whole_lines, lambda lines: len(lines) >= count)
    return [line["log"] for line in found]


def keep(folder: Path, name: str, rows: list[tuple[Path, int]]) -> None:
    lines = [f"{path}\t{offset:016x}\t{path.stat().st_ino:016x}\n" for path, offset in rows]
    (folder / name).write_text("".join(lines))


def test_fluentds_positions_are_taken_over_once(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\nthree\n")
    keep(tmp_path, "pos", [(log, 4)])
    before = (tmp_path / "pos").read_bytes()
    path = configured(tmp_path, "pos")
    with agent(path) as running:
        running.started.wait_for_log("positions were taken over.*program=fluentd.*files=1 gone=0")
        assert texts(running, 2) == ["two", "three"]
    assert (tmp_path / "pos").read_bytes() == before
    keep(tmp_path, "pos", [(log, 0)])
    with log.open("a") as file:
        file.write("four\n")
    with agent(path) as running:
        assert texts(running, 3) == ["two", "three", "four"]


def test_a_file_that_was_rotated_meanwhile_is_read_to_its_end_first(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\n")
    keep(tmp_path, "pos", [(log, 4)])
    log.rename(tmp_path / "a.log.1")
    log.write_text("three\n")
    with agent(configured(tmp_path, "pos")) as running:
        assert texts(running, 2) == ["two", "three"]


@pytest.mark.parametrize(("offset", "expected"), [(6, ["two"]), (8, []), (99, ["one", "two"])])
def test_an_offset_within_a_line_or_behind_the_end_loses_nothing(
    tmp_path: Path, offset: int, expected: list[str]
) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\n")
    keep(tmp_path, "pos", [(log, offset)])
    with agent(configured(tmp_path, "pos")) as running:
        running.started.wait_for_log("were taken over")
        with log.open("a") as file:
            file.write("last\n")
        assert texts(running, len(expected) + 1) == [*expected, "last"]


@pytest.mark.parametrize(
    "content", [b"nonsense\n", b"SQLite format 3\0 and no more", b"/x\tzz\t1\n"]
)
def test_what_cannot_be_read_is_said_and_stops_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pos").write_bytes(content)
    with agent(configured(tmp_path, "pos", ", read_from_head: on")) as running:
        running.started.wait_for_log("positions of the program before cannot be taken over")
        (tmp_path / "new.log").write_text("one\n")
        assert texts(running, 1) == ["one"]


def test_a_path_that_fluentd_follows_no_more_is_left_out() -> None:
    text = "/a\t0000000000000001\t0000000000000002\n/b\tffffffffffffffff\t0000000000000003\n/a\t0000000000000005\t0000000000000002\n"
    assert parse_pos_file(text) == [Position("/a", 2, 5)]


def test_a_rotated_file_of_fluent_bits_comes_before_its_successor() -> None:
    positions = [
        Position("/a.log", 2, 5),
        Position("/a.log.1", 1, 9, is_rotated=True),
        Position("/z.1", 3, 1, is_rotated=True),
    ]
    assert resolved(positions) == [
        Position("/a.log", 1, 9, is_rotated=True),
        Position("/a.log", 2, 5),
    ]


def test_the_database_that_fluent_bit_has_written_is_taken_over(tmp_path: Path) -> None:
    program = peer("fluent-bit", "PILLION_FLUENT_BIT")
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\n")
    command = f"{program} -q -f 0.2 -i tail -p path={tmp_path}/*.log -p db={tmp_path}/flb.db -p read_from_head=on -p exit_on_eof=on -o null -m *"
    subprocess.run(command.split(), check=True, timeout=30)
    with sqlite3.connect(tmp_path / "flb.db") as database:
        assert database.execute("SELECT offset FROM in_tail_files").fetchall() == [(8,)]
    database.close()
    with log.open("a") as file:
        file.write("three\n")
    log.rename(tmp_path / "a.log.1")
    log.write_text("four\n")
    with agent(configured(tmp_path, "flb.db")) as running:
        running.started.wait_for_log("positions were taken over.*program=fluent-bit")
        assert texts(running, 2) == ["three", "four"]
