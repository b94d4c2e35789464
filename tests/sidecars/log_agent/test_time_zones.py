"""Times that do not say their offset, in the zone that a parser names or the process has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.patterns.times import SECOND, TimeFormat
from pillion_log_agent.patterns.zones import SystemZone, named_zone
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.test_parsers import parser
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ISO, WORDS = "%Y-%m-%dT%H:%M:%S.%L", "%b %d %H:%M:%S %Y"
CASES = [
    ("2026-07-01T12:00:00.5", 1782900000),  # +2 in summer
    ("2026-01-01T12:00:00.5", 1767265200),  # +1 in winter
    ("2026-07-01T12:00:00.5Z", 1782907200),  # what says its offset has that
    ("2026-07-01T12:00:00.5-05:00", 1782925200),
]


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def seconds(text: str, made: TimeFormat, now: int = 0) -> int:
    found = made.parse(text, now)
    assert found is not None
    return found // SECOND


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_time_is_that_of_the_zone(text: str, expected: int) -> None:
    assert seconds(text, TimeFormat.compile(ISO, zone=named_zone("Europe/Berlin"))) == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
@pytest.mark.usefixtures("in_berlin")
def test_a_time_is_that_of_the_process(text: str, expected: int) -> None:
    assert seconds(text, TimeFormat.compile(ISO, zone=SystemZone())) == expected


def test_other_formats_have_the_zone_too() -> None:
    made = TimeFormat.compile(WORDS, zone=named_zone("Europe/Berlin"))
    assert seconds("Jul 01 12:00:00 2026", made) == 1782900000


def test_seconds_since_1970_have_no_zone() -> None:
    assert seconds("1782900000", TimeFormat.compile("%s", zone=named_zone("Asia/Seoul"))) == (
        1782900000
    )


def test_today_is_that_of_the_zone() -> None:
    made = TimeFormat.compile("%H:%M:%S", zone=named_zone("Asia/Seoul"))
    evening = 1782943200 * SECOND  # 22:00 in UTC, and 7:00 of the day after in Seoul
    assert seconds("07:00:00", made, evening) == 1782943200


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("time_zone: Europe/Atlantis", "'Europe/Atlantis' is not a time zone of this system"),
        ("time_zone: ../../etc/passwd", "'../../etc/passwd' is not a time zone of this system"),
        ("time_zone: Asia/Seoul, time_offset: +0900", "cannot be given beside time_offset"),
        (
            "time_zone: Asia/Seoul, time_system_timezone: on",
            "cannot be given beside time_system_timezone",
        ),
    ],
)
def test_a_zone_that_cannot_be_had_is_refused(given: str, sentence: str) -> None:
    keys = dict(each.split(": ") for each in given.split(", "))
    with pytest.raises(ConfigurationError, match=sentence):
        parser(name="z", format="json", time_format="%H:%M:%S", **keys)


def test_a_configuration_names_the_zone(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text('{"time":"2026-07-01T12:00:00.5"}\n')
    path = tmp_path / "agent.yaml"
    path.write_text(
        "parsers: [{name: z, format: json, time_key: time, time_zone: Europe/Berlin,"
        f" time_format: '{ISO}'}}]\n"
        "pipeline:\n"
        f"  inputs: [{{name: tail, path: {tmp_path}/app.log, parser: z, read_from_head: on}}]\n"
        "  outputs: [{name: stdout, match: '*', format: json_lines, json_date_format: epoch}]\n"
    )
    with agent(path) as running:
        found = eventually(running.whole_lines, lambda each: len(each) == 1)
    assert found[0]["date"] == 1782900000
