"""Lines that are JSON objects: keys in any order, and lines that are none."""

from __future__ import annotations

import pytest

from pillion_nginx_exporter.access_log.counting import AccessLog
from pillion_nginx_exporter.access_log.formats import FormatText
from pillion_nginx_exporter.access_log.label_rules import standard_rules
from pillion_nginx_exporter.access_log.readers import reader_of
from pillion_nginx_exporter.access_log.totals import BUCKETS, Totals

GOOD = b'{"status":200,"request_method":"GET","body_bytes_sent":"512","request_time":0.025}'


def counted(block: bytes, *formats: str, labels: tuple[str, ...] = ()) -> Totals:
    rules = standard_rules(labels)
    totals = Totals([rule.name for rule in rules], BUCKETS, 1000)
    readers = [reader_of(FormatText(text), rules, totals) for text in formats or ("json",)]
    AccessLog(readers, totals).count(block)
    return totals


def sized(totals: Totals, column: str) -> dict[tuple[str, ...], int]:
    return {values: totals.sizes[column][index] for values, index in totals.sized(column)}


def test_an_object_counts_by_the_names_of_nginx_variables() -> None:
    totals = counted(GOOD + b"\n")
    assert dict(totals.counted()) == {("GET", "200"): 1}
    assert sized(totals, "response_size") == {("GET", "200"): 512}
    index = dict(totals.timed("time"))["GET", "200"]
    assert totals.times["time"].of(index)[2] == 1
    assert not sized(totals, "request_size")


@pytest.mark.parametrize(
    "line",
    [
        b'{"request":"GET /a HTTP/1.1","status":"200"}',
        b'{"status":"200","method":"GET"}',
        b'  {"status":"200", "method":"GET", "nested":{"status":[1,{}]}}\r',
        '{"ua":"é\\"x","status":"200","method":"GET"}'.encode(),
    ],
)
def test_the_usual_keys_and_spellings_are_read(line: bytes) -> None:
    totals = counted(line + b"\n" + GOOD + b"\n")
    assert dict(totals.counted()) == {("GET", "200"): 2}
    assert totals.parse_errors == 0


def test_a_key_that_only_later_lines_have_is_not_missed() -> None:
    block = GOOD + b"\n" + GOOD.replace(b"{", b'{"request_length":7,"host":"a.example",') + b"\n"
    totals = counted(block, labels=("host",))
    assert dict(totals.counted()) == {("GET", "200", ""): 1, ("GET", "200", "a.example"): 1}
    assert sized(totals, "request_size").get(("GET", "200", "a.example")) == 7


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{}",
        b'{"status":null}',
        b'{"status":["200"]}',
        GOOD + GOOD,
        GOOD + b"," + GOOD,
        b'{"status":200,"a":',
        b'"' + GOOD,
        b'{"status":"\xff"}',
        b"[" * 5000,
        b"text",
    ],
)
def test_a_line_that_is_no_such_object_is_an_error_and_spoils_no_neighbour(line: bytes) -> None:
    totals = counted(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    assert dict(totals.counted()) == {("GET", "200"): 2}
    assert totals.parse_errors == 1


def test_an_object_does_not_go_over_the_end_of_its_line() -> None:
    totals = counted(b'{"status":200\n,"method":"GET"}\n' + GOOD + GOOD + b"\n")
    assert not dict(totals.counted())
    assert totals.parse_errors == 3


@pytest.mark.parametrize("size", [b"-1", b"1.5", b'"1_0"', b'"x"', b"1e30", b"null", b'""'])
def test_what_is_no_size_or_time_is_none(size: bytes) -> None:
    line = GOOD.replace(b'"512"', size).replace(b"0.025", size.replace(b"1.5", b"-2"))
    totals = counted(line + b"\n")
    assert dict(totals.counted()) == {("GET", "200"): 1}
    assert sized(totals, "response_size").get(("GET", "200"), 0) == 0
    assert not dict(totals.timed("time"))


def test_text_and_json_in_one_log_count_under_their_formats() -> None:
    text = b'"POST / HTTP/1.1" 500 7\n'
    totals = counted(GOOD + b"\n" + text + GOOD + b"\n", '"$request" $status $bytes_sent', "json")
    assert dict(totals.counted()) == {("GET", "200"): 2, ("POST", "500"): 1}
