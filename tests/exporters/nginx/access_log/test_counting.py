"""Blocks of lines as counts: formats, hostile lines, the bound on series."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from pillion_nginx_exporter.access_log.counting import AccessLog
from pillion_nginx_exporter.access_log.formats import COMBINED, FormatText, parse_format
from pillion_nginx_exporter.access_log.label_rules import standard_rules
from pillion_nginx_exporter.access_log.pattern_reader import PatternReader
from pillion_nginx_exporter.access_log.totals import BUCKETS, Totals

TIMED = f"{COMBINED} $request_length $request_time $upstream_addr $upstream_response_time"
GOOD = b'10.0.0.1 - - [24/Nov/2026:15:27:44 +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/8"'


def counted(block: bytes, *formats: str, labels: tuple[str, ...] = (), limit: int = 1000) -> Totals:
    rules = standard_rules(labels)
    totals = Totals([rule.name for rule in rules], BUCKETS, limit)
    AccessLog(
        [PatternReader(FormatText(text), rules, totals) for text in formats or ("combined",)],
        totals,
    ).count(block)
    return totals


def requests(totals: Totals) -> dict[tuple[str, ...], int]:
    return dict(totals.counted())


def times(totals: Totals, column: str, *values: str) -> list[int]:
    return totals.times[column].of(dict(totals.timed(column))[values])


def sized(totals: Totals, column: str) -> dict[tuple[str, ...], int]:
    return {values: totals.sizes[column][index] for values, index in totals.sized(column)}


def test_a_line_of_combined_counts_under_its_method_and_status() -> None:
    totals = counted(GOOD + b"\n")
    assert requests(totals) == {("GET", "200"): 1}
    assert sized(totals, "response_size") == {("GET", "200"): 512}
    assert not sized(totals, "request_size")


def test_the_last_newline_may_be_missing() -> None:
    assert requests(counted(GOOD + b"\n" + GOOD)) == {("GET", "200"): 2}


def test_each_line_counts_under_the_format_that_fits_it() -> None:
    timed = GOOD + b" 90 0.030 10.0.0.2:80 0.028\n"
    totals = counted(GOOD + b"\n" + timed + GOOD + b"\n", "combined", TIMED)
    assert requests(totals) == {("GET", "200"): 3}
    assert totals.parse_errors == 0
    assert sum(times(totals, "time", "GET", "200")) == 1


def test_a_time_on_a_bound_is_in_the_bucket_of_the_bound() -> None:
    totals = counted(GOOD + b" 90 0.025 - -\n", TIMED)
    assert times(totals, "time", "GET", "200")[2] == 1


@pytest.mark.parametrize(
    ("written", "last", "every"),
    [
        (b"0.250", 0.25, 0.25),
        (b"0.100, 0.250", 0.25, 0.35),
        (b"0.100 : 0.250", 0.25, 0.35),
        (b"0.1, 0.1 : 0.3", 0.3, 0.5),
        (b"-, 0.250", 0.25, 0.25),
    ],
)
def test_the_last_attempt_is_the_upstream_time_and_the_sum_is_kept(
    written: bytes, last: float, every: float
) -> None:
    where = b"10.0.0.2:80, 10.0.0.3:80"
    totals = counted(GOOD + b" 90 0.4 " + where + b" " + written + b"\n", TIMED)
    index = dict(totals.timed("upstream_time"))["GET", "200"]
    assert totals.times["upstream_time"].seconds[index] == pytest.approx(last)
    assert totals.attempt_seconds[index] == pytest.approx(every)


def test_no_upstream_is_no_observation() -> None:
    totals = counted(GOOD + b" 90 0.4 - -\n", TIMED)
    assert not dict(totals.timed("upstream_time"))


@pytest.mark.parametrize(
    "sent",
    [b"\\x16\\x03\\x01\\x02", b"", b"\xff\xfe", b"\x1b[2J", b"PWN /x HTTP/1.1", b"get / HTTP/1.1"],
)
def test_what_is_no_known_method_is_other(sent: bytes) -> None:
    line = GOOD.replace(b"GET /a HTTP/1.1", sent).replace(b" 200 ", b" 400 ")
    assert requests(counted(line + b"\n" + GOOD + b"\n")) == {
        ("other", "400"): 1,
        ("GET", "200"): 1,
    }


def test_a_user_with_spaces_is_read() -> None:
    line = GOOD.replace(b"- - [", b"- John Q. Public [")
    assert requests(counted(line + b"\n")) == {("GET", "200"): 1}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"garbage",
        b'"',
        b'10.0.0.1 - - [24/Nov/2026:15:27:44 +0000] "GET /a HTTP/1.1" 200',
        GOOD + b" more",
        b"x" * 60_000,
        b"\x00\xff\x1b[31m",
    ],
)
def test_a_line_that_fits_none_is_an_error_and_spoils_no_neighbour(line: bytes) -> None:
    totals = counted(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    assert requests(totals) == {("GET", "200"): 2}
    assert totals.parse_errors == 1


def test_quotes_that_join_lines_do_not_confuse_it() -> None:
    # Half a line whose quote is open, and half a line that would close it.
    first = b'10.0.0.1 - - [24/Nov/2026:15:27:44 +0000] "GET /a'
    totals = counted(first + b"\n" + GOOD + b"\n" + first + b"\n")
    assert requests(totals) == {("GET", "200"): 1}
    assert totals.parse_errors == 2


def test_an_escaped_quote_in_json_does_not_end_a_value() -> None:
    text = '{"ua":"$http_user_agent","m":"$request_method","status":"$status","t":$request_time}'
    line = rb'{"ua":"x\",\"m\":\"PUT","m":"GET","status":"200","t":0.004}'
    totals = counted(line + b"\n", text)
    assert requests(totals) == {("GET", "200"): 1}
    assert times(totals, "time", "GET", "200")[0] == 1


def test_combinations_past_the_limit_count_under_other() -> None:
    text = '$host "$request" $status'
    block = b"".join(b'h%d "GET / HTTP/1.1" 200\n' % number for number in range(50))
    totals = counted(block, text, labels=("host",), limit=10)
    assert len(requests(totals)) == 11
    assert requests(totals)["other", "other", "other"] == totals.limited == 40


@pytest.mark.parametrize("host", [b"x\\x22y", b"\x1b[31m", b"a" * 300, "é".encode()])
def test_a_hostile_host_is_no_label(host: bytes) -> None:
    totals = counted(
        host + b' "GET / HTTP/1.1" 200\n',
        '$host "$request" $status',
        labels=("host",),
    )
    assert requests(totals) == {("GET", "200", "other"): 1}


def test_bytes_at_random_are_all_accounted_for() -> None:
    random_bytes = random.Random(16)
    for _ in range(100):
        line = bytearray(GOOD)
        for _ in range(random_bytes.randrange(6)):
            line[random_bytes.randrange(len(line))] = random_bytes.choice(b'" -[]\\\xff:0a')
        block = (bytes(line) + b"\n" + GOOD + b"\n") * 3
        totals = counted(block)
        assert totals.parse_errors + sum(requests(totals).values()) == 6


def test_a_block_counts_as_its_lines_do_one_by_one() -> None:
    chance = random.Random(17)
    pieces = (
        GOOD,
        GOOD + b" 90 0.030 10.0.0.2:80 0.028",
        b'1 - - [x] "GET',
        b'"',
        b"",
        b"x" * 9000,
    )
    for _ in range(60):
        lines = [chance.choice(pieces) for _ in range(chance.randrange(1, 80))]
        whole = counted(b"\n".join(lines) + b"\n", "combined", TIMED)
        single = Counter[tuple[str, ...]]()
        for line in lines:
            single.update(requests(counted(line + b"\n", "combined", TIMED)))
        assert requests(whole) == single
        assert whole.parse_errors == len(lines) - single.total()


def test_a_size_that_no_response_has_counts_as_none() -> None:
    block = b"".join(
        GOOD.replace(b" 512 ", b" %s " % size) + b"\n"
        for size in (b"1_0", b"-", b"\xb2", b"9" * 30, b"9" * 5000, b"7")
    )
    assert sized(counted(block), "response_size") == {("GET", "200"): 7}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("combind", "is neither json, combined, main, upstreaminfo nor"),
        ("$remote_addr", "has no $status"),
        ("$status$host", "has nothing between $status and $host"),
        ("$a " * 65 + "$status", "has more than 64 variables"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_format(text)
    assert why in str(caught.value)
