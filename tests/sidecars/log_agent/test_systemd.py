"""The input systemd, over files that journald's own program has written."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.inputs.systemd import journal as reader
from pillion_log_agent.inputs.systemd.entry import record_of, tag_of
from pillion_log_agent.inputs.systemd.journal import Journal
from pillion_log_agent.inputs.systemd.properties import MATCH
from tests.servers.http_sink import HttpSink, http_sink, take_all
from tests.servers.journal import START_US, exported, needs_journal_remote, write
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_journal_remote
CONFIGURATION = """
[SERVICE]
    flush 0.05
    scheduler.base 1
    scheduler.cap 1
[INPUT]
    name systemd
    path {folder}/journal
    tag host.*
    db {folder}/cursor.db
    {more}
[OUTPUT]
    name {output}
    match *
    format json_lines
    {output_more}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "journal").mkdir()
    return tmp_path


def configured(
    folder: Path, *more: str, output: str = "stdout", output_more: tuple[str, ...] = ()
) -> Path:
    path = folder / "agent.conf"
    path.write_text(
        CONFIGURATION.format(
            folder=folder, more="\n    ".join(more), output=output,
            output_more="\n    ".join(output_more),
        )
    )  # fmt: skip
    return path


def read(folder: Path, count: int, *more: str) -> list[dict[str, Any]]:
    """Run the agent until it has written so many more lines, and return those."""
    output = folder / "standard-output"
    before = len(output.read_text().splitlines()) if output.exists() else 0
    with agent(configured(folder, *more)) as running:
        eventually(lambda: len(running.whole_lines()) - before, lambda found: found >= count)
    assert balances(summary(running.started.log))
    return running.lines()[before:]


def messages(lines: list[dict[str, Any]], key: str = "MESSAGE") -> list[Any]:
    return [line[key] for line in lines]


def test_an_entry_is_a_record_with_its_time_and_all_its_fields(folder: Path) -> None:
    write(folder / "journal/system.journal", exported(["a\nb", "é"]))
    first, second = read(folder, 2)
    assert first["MESSAGE"] == "a\nb"
    assert second["MESSAGE"] == "é"
    assert first["_SYSTEMD_UNIT"] == "web.service"
    assert first["PRIORITY"] == "6"
    assert first["date"] == START_US / 1_000_000


def test_names_are_stripped_and_lowered(folder: Path) -> None:
    write(folder / "journal/system.journal", exported(["a"]))
    (line,) = read(folder, 1, "strip_underscores on", "lowercase on")
    assert line["systemd_unit"] == "web.service"
    assert line["message"] == "a"


FILTERED = """
[INPUT]
    name systemd
    path {folder}/journal
    tag one
    systemd_filter _SYSTEMD_UNIT=a.service
[INPUT]
    name systemd
    path {folder}/journal
    tag either
    systemd_filter _SYSTEMD_UNIT=a.service
    systemd_filter _SYSTEMD_UNIT=b.service
[INPUT]
    name systemd
    path {folder}/journal
    tag both
    systemd_filter _SYSTEMD_UNIT=a.service
    systemd_filter LEVEL=high
    systemd_filter_type and
[FILTER]
    name record_modifier
    match *
    allowlist_key MESSAGE
[FILTER]
    name record_transformer
    match *
    record tag $<tag>
[OUTPUT]
    name stdout
    match *
    format json_lines
"""


def test_only_entries_that_fit_come(folder: Path) -> None:
    file = folder / "journal/system.journal"
    write(file, exported(["a1"], unit="a.service"))
    write(file, exported(["a2"], first=1, unit="a.service", LEVEL="high"))
    write(file, exported(["b1"], first=2, unit="b.service"))
    write(file, exported(["c1"], first=3, unit="c.service", LEVEL="high"))
    path = folder / "agent.conf"
    path.write_text(FILTERED.format(folder=folder))
    with agent(path) as running:
        eventually(lambda: len(running.whole_lines()), lambda found: found >= 6)
    found = sorted((line["tag"], line["MESSAGE"]) for line in running.lines())
    assert found == [
        ("both", "a2"), ("either", "a1"), ("either", "a2"), ("either", "b1"),
        ("one", "a1"), ("one", "a2"),
    ]  # fmt: skip


def test_a_restart_goes_on_behind_what_was_delivered(folder: Path) -> None:
    file = folder / "journal/system.journal"
    write(file, exported([f"m{number}" for number in range(600)]))
    assert messages(read(folder, 600)) == [f"m{number}" for number in range(600)]
    write(file, exported(["new"], first=600))
    assert messages(read(folder, 1)) == ["new"]


def test_what_is_written_meanwhile_comes_with_read_from_tail_too(folder: Path) -> None:
    file = folder / "journal/system.journal"
    write(file, exported(["old"]))
    with agent(configured(folder, "read_from_tail on")) as running:
        eventually((folder / "cursor.db.pillion/position").exists, bool)
        write(file, exported(["seen"], first=1))
        eventually(running.whole_lines, lambda lines: messages(lines) == ["seen"])
    write(file, exported(["while it was down"], first=2))
    assert messages(read(folder, 1, "read_from_tail on")) == ["while it was down"]


def test_files_that_are_rotated_and_removed_lose_nothing_that_is_there(folder: Path) -> None:
    journal = folder / "journal"
    write(journal / "system@1.journal", exported(["a", "b"]))
    with agent(configured(folder)) as running:
        eventually(running.whole_lines, lambda lines: messages(lines) == ["a", "b"])
        write(journal / "system.journal", exported(["c"], first=2))
        eventually(running.whole_lines, lambda lines: messages(lines) == ["a", "b", "c"])
        (journal / "system@1.journal").unlink()
        write(journal / "system.journal", exported(["d"], first=3))
        eventually(running.whole_lines, lambda lines: messages(lines) == ["a", "b", "c", "d"])


def test_a_position_that_was_vacuumed_skips_nothing_that_is_left(folder: Path) -> None:
    journal = folder / "journal"
    write(journal / "system@1.journal", exported(["a", "b"]))
    assert messages(read(folder, 2)) == ["a", "b"]
    (journal / "system@1.journal").unlink()
    write(journal / "system.journal", exported(["c", "d"], first=2))
    before = len((folder / "standard-output").read_text().splitlines())
    with agent(configured(folder)) as running:
        eventually(running.whole_lines, lambda lines: messages(lines[before:]) == ["c", "d"])
        assert "is gone from the journal" in running.started.log


def test_nothing_is_lost_or_acknowledged_while_the_output_is_down(folder: Path) -> None:
    file = folder / "journal/system.journal"
    write(file, exported(["a", "b"]))
    with http_sink() as sink:
        sink.answer = lambda _: (503, {}, b"")
        more = ("host 127.0.0.1", f"port {sink.port}")
        path = configured(folder, output="http", output_more=more)
        with agent(path) as running:
            eventually(lambda: len(sink.posted), lambda count: count > 0)
            running.kill()
        assert not (folder / "cursor.db.pillion/position").exists()
        sink.answer = take_all
        with agent(path):
            eventually(lambda: taken(sink), lambda found: found == ["a", "b"])
        write(file, exported(["c"], first=2))
        with agent(path):
            eventually(lambda: taken(sink), lambda found: found == ["a", "b", "c"])


def taken(sink: HttpSink) -> list[str]:
    return [
        json.loads(line)["MESSAGE"] for posted in sink.taken for line in posted.body.splitlines()
    ]


def test_the_cursor_of_fluent_bit_is_taken_over(folder: Path) -> None:
    file = folder / "journal/system.journal"
    write(file, exported(["a", "b", "c"]))
    journal = Journal(str(folder / "journal"))
    journal.seek_head()
    assert journal.next()
    assert journal.next()
    cursor = journal.cursor()
    journal.close()
    with sqlite3.connect(folder / "cursor.db") as database:
        database.execute("CREATE TABLE in_systemd_cursor (cursor TEXT NOT NULL, updated INTEGER)")
        database.execute("INSERT INTO in_systemd_cursor VALUES (?, 0)", (cursor,))
    database.close()
    assert messages(read(folder, 1)) == ["c"]


def test_a_position_that_is_torn_is_said_and_the_one_before_taken(folder: Path) -> None:
    file = folder / "journal/system.journal"
    write(file, exported(["a"]))
    read(folder, 1)
    write(file, exported(["b"], first=1))
    read(folder, 1)
    (folder / "cursor.db.pillion/position").write_text('{"version": 1, "posi')
    before = 2
    with agent(configured(folder)) as running:
        eventually(running.whole_lines, lambda lines: messages(lines[before:]) == ["b"])
        assert "a position cannot be read" in running.started.log


def test_the_tag_has_the_unit() -> None:
    assert tag_of("host.*", "kubelet.service") == "host.kubelet.service"
    assert tag_of("host.*.*", None) == "host.unknown.*"
    assert tag_of("host", "kubelet.service") == "host"


def test_a_field_that_is_there_twice_is_a_list_and_others_are_bounded() -> None:
    fields = [b"A=1", b"_A=2", b"A=3", b"broken", b"B=\xff", b"C=4"]
    record, unit = record_of(fields, most=5, strips=True, lowers=True)
    assert record == {"a": ["1", "2", "3"], "b": "\ufffd"}
    assert unit is None


@pytest.mark.parametrize("text", ["web.service", "unit=web", "=x", "A B=c"])
def test_what_is_no_match_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a journal field"):
        MATCH.parse(text)


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LIBRARY", "libnothing.so.0")
    reader._library.cache_clear()
    with pytest.raises(ConfigurationError, match="libsystemd0"):
        Journal(None)
    reader._library.cache_clear()
