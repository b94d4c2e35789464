"""Ruby's patterns, strptime's formats, tags."""

from __future__ import annotations

import pytest

from pillion_log_agent.patterns.ruby import translate
from pillion_log_agent.patterns.strftime import format_time
from pillion_log_agent.patterns.tags import Match, expand_tag
from pillion_log_agent.patterns.times import SECOND, TimeFormat, parse_offset, show_iso

NOW = TimeFormat.compile("%Y-%m-%dT%H:%M:%S").parse("2026-11-21T12:00:00", 0) or 0


@pytest.mark.parametrize(
    ("pattern", "text", "fields"),
    [
        (r"(?<a>\w+)-(?<b>\d+)", "x-12", {"a": "x", "b": "12"}),
        (r"/(?<a>[A-Z]+)/i", "abc", {"a": "abc"}),
        (r"(?<a>[[:alpha:]_]+)", "1né_", {"a": "né_"}),
        (r"(?<a>[^[:space:]]+)", " x y", {"a": "x"}),
        (r"(?<a>\h++)", "0aFg", {"a": "0aF"}),
        (r"(?<a>(?>a+))b", "aab", {"a": "aa"}),
        (r"(?<a>[a-z&&[^aeiou]]+)", "aexyz", {"a": "xyz"}),
        (r"(?<a>x)|(?<a>y)", "y", {"a": "y"}),
        (r"(?<log.level>\S+)", "warn", {"log.level": "warn"}),
        (r"(?<q>['\"])(?<a>.*?)\k<q>", "'x'", {"q": "'", "a": "x"}),
        (r"\A(?<a>.)\z", "x", {"a": "x"}),
        (r"(?m:(?<a>.*))", "x\ny", {"a": "x\ny"}),
        (r"^(?<a>b)$", "a\nb\nc", {"a": "b"}),
        (r"(?<a>[\d-]+)", "1-2", {"a": "1-2"}),
        (r"(?<a>\p{Upper}+)\p{^Digit}", "AB1", {"a": "A"}),
    ],
)
def test_ruby_s_patterns_catch_what_they_catch_in_ruby(
    pattern: str, text: str, fields: dict[str, str]
) -> None:
    assert translate(pattern).captured(text) == fields


def test_digits_and_word_characters_are_ascii_as_in_ruby() -> None:
    assert translate(r"(?<a>\w+)").captured("née") == {"a": "n"}
    assert translate(r"(?<a>\d)").captured("\u0663") is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(?<a>x)\g<a>", r"\g"),
        (r"a\Kb", r"\K"),
        ("(?~abc)", "(?~"),
        ("(a", "is no pattern"),
        ("[a", "a [ is not closed"),
        (r"\k<nobody>", "refers to 'nobody'"),
        ("a\\", "ends in a backslash"),
        ("x" * 20_000, "longer than 16 KiB"),
    ],
)
def test_what_cannot_be_translated_is_refused_and_named(pattern: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        translate(pattern)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("source", "text", "shown"),
    [
        (
            "%Y-%m-%dT%H:%M:%S.%L",
            "2026-11-21T10:00:00.123456789Z",
            "2026-11-21T10:00:00.123456789Z",
        ),
        ("%Y-%m-%dT%H:%M:%S.%L", "2026-11-21T10:00:00.5+02:00", "2026-11-21T08:00:00.500000000Z"),
        ("%Y-%m-%d %H:%M:%S,%L", "2026-11-21 10:00:00,123", "2026-11-21T10:00:00.123000000Z"),
        ("%d/%b/%Y:%H:%M:%S %z", "21/Nov/2026:10:00:00 -0500", "2026-11-21T15:00:00.000000000Z"),
        (
            "%a, %d %B %Y %T GMT",
            "Sat, 21 November 2026 10:00:00 GMT",
            "2026-11-21T10:00:00.000000000Z",
        ),
        ("%b %d %H:%M:%S", "Nov  3 01:02:03", "2026-11-03T01:02:03.000000000Z"),
        ("%s.%L", "1790000000.25", "2026-09-21T14:13:20.250000000Z"),
        ("%I:%M %p", "1:05 PM", "2026-11-21T13:05:00.000000000Z"),
        ("%Y-%m-%dT%H:%M:%S", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"),
        ("%Y-%m-%dT%H:%M:%S", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000000Z"),
        ("%Y %j", "2026 32", "2026-02-01T00:00:00.000000000Z"),
        ("%d.%m.%y %Z", "21.11.26 CET", "2026-11-20T23:00:00.000000000Z"),
    ],
)
def test_times_are_read_to_the_nanosecond(source: str, text: str, shown: str) -> None:
    time = TimeFormat.compile(source).parse(text, NOW)
    assert time is not None
    assert show_iso(time, 9) == shown


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("%Y-%m-%dT%H:%M:%S.%L", "yesterday"),
        ("%Y-%m-%dT%H:%M:%S", "2026-02-30T00:00:00"),
        ("%Y-%m-%dT%H:%M:%S.%L", "2026-11-21T10:00:00.x"),
        ("%Y-%m-%d", "2026-02-30"),
        ("%H:%M %z", "10:00 nowhere"),
    ],
)
def test_what_is_no_time_is_none(source: str, text: str) -> None:
    assert TimeFormat.compile(source).parse(text, NOW) is None


def test_a_december_that_is_read_in_january_was_last_year_s() -> None:
    january = TimeFormat.compile("%Y-%m-%d").parse("2027-01-01", 0) or 0
    time = TimeFormat.compile("%b %d %H:%M:%S").parse("Dec 31 23:59:59", january)
    assert show_iso(time or 0) == "2026-12-31T23:59:59.000Z"


def test_an_offset_holds_for_times_that_have_none() -> None:
    compiled = TimeFormat.compile("%Y-%m-%d %H:%M:%S", parse_offset("+0200"))
    assert compiled.parse("2026-11-21 12:00:00", 0) == NOW - 2 * 3600 * SECOND


def test_an_unknown_letter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="it has %Q, which is none of"):
        TimeFormat.compile("%Y-%Q")


def test_times_are_written_as_strftime_does() -> None:
    assert format_time("logs-%Y.%m.%d", NOW) == "logs-2026.11.21"
    assert format_time("%Y", -62_135_596_800 * SECOND) == "0001"


@pytest.mark.parametrize(
    ("match", "tag", "meets"),
    [
        ("*", "anything", True),
        ("kube.*", "kube.a.b", True),
        ("kube.*", "kubea", False),
        ("*.log", "a.log", True),
        ("a.*.c", "a.b.b.c", True),
        ("a", "ab", False),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("*a*b*", "xbxaxb", True),
        ("*a*b*", "xbxa", False),
        ("**", "", True),
        ("*\n", "a\n", True),
        ("*a" * 30 + "b", "a" * 100_000, False),  # and it does not take for ever
    ],
)
def test_a_match_is_a_text_with_wildcards(match: str, tag: str, *, meets: bool) -> None:
    assert Match(match).meets(tag) is meets


def test_a_tag_is_filled_in_from_the_path() -> None:
    pattern = translate(r"(?<pod>[^/_]+)_(?<ns>[^_]+)_")
    assert expand_tag("k.<ns>.<pod>", "/c/web-1_shop_x.log", pattern) == "k.shop.web-1"
    assert expand_tag("k.<ns>", "/c/other.log", pattern) == "k.<ns>"
    assert expand_tag("kube.*", "/var/log/a.log", None) == "kube.var.log.a.log"
