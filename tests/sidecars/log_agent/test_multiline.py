"""Lines that belong together become one record, whatever blocks they come in."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.multiline.builtin import built_in
from pillion_log_agent.multiline.machine import Machine
from pillion_log_agent.records.wire import from_wire
from tests.sidecars.log_agent.joining import (
    DATED,
    NOW,
    Notes,
    line_joiner,
    logs,
    parser,
    plan_of,
)
from tests.sidecars.log_agent.receipts import unnoted

if TYPE_CHECKING:
    from pillion_log_agent.multiline.rules import Definition
    from tests.core.tail.conftest import Bench

LOG = (
    "2026-11-21 one\n  a\n  b\n2026-11-21 two\n2026-11-21 caf\u00e9\r\n\n  c\nno date\n"
    "2026-11-21 four\n"
)
RECORDS = [
    "2026-11-21 one\n  a\n  b\n",
    "2026-11-21 two\n",
    "2026-11-21 caf\u00e9\n\n  c\nno date\n",
    "2026-11-21 four\n",
]


def split(definition: Definition, *lines: str) -> list[int]:
    starts, _ = Machine([definition]).split(lines, None)
    return list(starts)


def test_a_record_goes_on_for_as_long_as_its_rules_say() -> None:
    assert split(parser(*DATED), "2026-a", " b", " c", "2026-d", "2026-e", " f") == [0, 3, 4]


def test_lines_before_the_first_beginning_are_records_of_their_own() -> None:
    assert split(parser(*DATED), " a", " b", "2026-c", " d") == [0, 1, 2]


def test_a_line_that_neither_goes_on_nor_begins_ends_the_record() -> None:
    stack = parser(("rule", '"start_state" "/^x/" "cont"'), ("rule", '"cont" "/^ at /" "cont"'))
    assert split(stack, "x", " at a", "y", " at b", "x", " at c") == [0, 2, 3, 4]


def test_states_follow_one_another_and_the_first_rule_that_fits_is_taken() -> None:
    phases = parser(
        ("rule", '"start_state" "/^BEGIN/" "head"'),
        ("rule", '"head" "/^head/" "head"'),
        ("rule", '"head, body" "/^body/" "body"'),
        ("rule", '"body" "/^END/" "start_state"'),
    )
    assert split(phases, "BEGIN", "head", "body", "body", "END", "body") == [0, 5]
    assert split(phases, "BEGIN", "body", "head") == [0, 2], "there is no way back to head"


def test_several_rules_may_begin_a_record() -> None:
    either = parser(
        ("rule", '"start_state" "/^a/" "cont"'),
        ("rule", '"start_state" "/^b/" "cont"'),
        ("rule", '"cont" "/^ /" "cont"'),
    )
    assert split(either, "a", " ", "b", " ", " ") == [0, 2]


@pytest.mark.parametrize("following", ["start_state", "nowhere"])
def test_a_next_state_without_rules_that_go_on_ends_the_record_at_once(following: str) -> None:
    ending = parser(
        ("rule", '"start_state" "/^{/" "cont"'),
        ("rule", f'"cont" "/^}}/" "{following}"'),
        ("rule", '"cont" "/./" "cont"'),
    )
    starts, step = Machine([ending]).split(["{", " a", "}"], None)
    assert (list(starts), step) == ([0], None), "nothing is waited for"


@pytest.mark.parametrize(
    ("kind", "entries", "starts"),
    [
        ("endswith", [("match_string", ";")], [0, 2, 3]),
        ("endswith", [("match_string", "\\"), ("negate", "on")], [0, 1, 2, 3]),
        ("equal", [("match_string", "b;")], [0, 2]),
        ("eq", [("match_string", "a"), ("negate", "on")], [0, 2, 3]),
    ],
)
def test_a_line_that_ends_in_a_text_or_is_it_ends_a_record(
    kind: str, entries: list[tuple[str, str]], starts: list[int]
) -> None:
    assert split(parser(*entries, kind=kind), "a", "b;", "c;", "d") == starts


def test_an_escaped_newline_goes_on_with_the_next_line() -> None:
    shell = parser(("match_string", "\\"), ("negate", "on"), kind="endswith")
    assert split(shell, "a \\", "b \\", "c", "d") == [0, 3]


@pytest.mark.parametrize(
    ("entries", "kind", "sentence"),
    [
        ([("rule", '"cont" "/^a/" "cont"')], "regex", "none has the state start_state"),
        ([], "regex", "none has the state start_state"),
        (
            [("rule", '"start_state" "/a/" "cnt"'), ("rule", '"cont" "/b/" "cont"')],
            "regex",
            "no rule has the state 'cnt'; did you mean cont?",
        ),
        ([("rule", '"start_state" "/(/" "cont"')], "regex", "is no pattern: missing )"),
        ([("rule", "start_state")], "regex", 'is no rule; write "state" "/pattern/" "next state"'),
        ([("rule", '"" "/a/" "b"')], "regex", "a state is empty"),
        ([*DATED, ("match_string", "x")], "regex", "match_string: is for the types endswith"),
        ([*DATED, ("negate", "on")], "regex", "negate: is for the types endswith"),
        ([], "endswith", "match_string: is missing; the type endswith needs it"),
        ([("match_string", "x"), *DATED], "equal", "rule: is for the type regex, not for equal"),
        ([], "starts", "'starts' is none of regex, endswith, equal, eq"),
        ([*DATED, ("flush_timeout", "soon")], "regex", "flush_timeout: 'soon'"),
        ([*DATED, ("flush_timeout", "0")], "regex", "flush_timeout: '0'"),
        ([*DATED, ("parser", "json")], "regex", "key_content: is missing"),
        ([*DATED, ("flush_timeot", "1")], "regex", "did you mean flush_timeout?"),
    ],
)
def test_what_is_wrong_with_a_parser_is_said(
    entries: list[tuple[str, str]], kind: str, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"\S") as caught:
        parser(*entries, kind=kind)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("text", "seconds"), [("1000", 1.0), ("250ms", 0.25), ("5s", 5.0)])
def test_a_timeout_is_of_milliseconds_unless_it_has_a_unit(text: str, seconds: float) -> None:
    assert parser(*DATED, ("flush_timeout", text)).timeout == seconds


def test_parsers_that_read_their_lines_differently_cannot_be_listed_together() -> None:
    one = parser(*DATED, ("parser", "a"), ("key_content", "log"), name="one")
    two = parser(*DATED, ("parser", "b"), ("key_content", "log"), name="two")
    with pytest.raises(ConfigurationError, match="one, two cannot be listed together: parser is"):
        plan_of([one, two])


def test_parsers_in_a_list_are_alternatives_and_each_goes_on_with_its_own() -> None:
    starts, _ = plan_of(["python", parser(*DATED)]).machine.split(
        ["2026-a", " b", "Traceback (most recent call last):", ' File "x"', "E: x", "2026-c"], None
    )
    # What may go on with a record does, before anything begins: so a rule for any line that has
    # no date takes the trace too.
    assert list(starts) == [0, 5]


def test_a_block_becomes_records_with_the_offset_of_the_first_line() -> None:
    joiner = line_joiner(parser(*DATED))
    data = LOG.encode()
    batch, _ = joiner.take(data, 1000, unnoted(), NOW, 0.0)
    given_up = joiner.give_up(None, "stop")
    assert given_up is not None
    assert logs(batch) + logs(given_up[0]) == RECORDS
    assert batch.offsets + given_up[0].offsets == [
        1000 + data.index(first) for first in (b"2026-11-21 one", b"2026-11-21 two",
                                               "2026-11-21 caf\u00e9".encode(), b"2026-11-21 four")
    ]  # fmt: skip


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


@pytest.mark.parametrize("size", range(1, 10))
def test_blocks_of_any_size_give_the_same_records_and_offsets(size: int) -> None:
    whole = LOG.encode()
    lines = lines_of(whole)
    joiner = line_joiner(parser(*DATED))
    texts: list[str] = []
    offsets: list[int] = []
    start = 0
    for first in range(0, len(lines), size):
        data = b"".join(lines[first : first + size])
        batch, _ = joiner.take(data, start, unnoted(), NOW, 0.0)
        texts += logs(batch)
        offsets += batch.offsets
        start += len(data)
    given_up = joiner.give_up(None, "stop")
    assert given_up is not None
    assert texts + logs(given_up[0]) == RECORDS
    for offset, text in zip(offsets, texts, strict=True):
        assert whole[offset:].decode().replace("\r", "").startswith(text)


def test_a_record_has_the_time_at_which_its_first_line_was_read_and_its_bytes_once() -> None:
    joiner = line_joiner(parser(*DATED))
    first, _ = joiner.take(b"2026-a\n2026-b\n", 0, unnoted(), NOW, 0.0)
    second, _ = joiner.take(b" b1\n", 14, unnoted(), NOW + 1, 0.0)
    third, _ = joiner.take(b" b2\n2026-c\n2026-d\n", 18, unnoted(), NOW + 2, 0.0)
    last = joiner.give_up(None, "stop")
    assert last is not None
    assert third.times.nanoseconds() == [NOW, NOW + 2]
    assert last[0].times.nanoseconds() == [NOW + 2]
    assert [each.size for each in (first, second, third, last[0])] == [7, 0, 22, 7]


def test_the_text_of_a_record_survives_the_quoting() -> None:
    joiner = line_joiner("java")
    odd = 'java.lang.Error: "q" \\ \u2028 "\\n'
    data = f'{odd}\n\tat a.B.c(B.java:1)\nplain "x"\n'.encode()
    batch, _ = joiner.take(data, 0, unnoted(), NOW, 0.0)
    texts = [json.loads(from_wire(f"{{{body}}}"))["log"] for body in batch.bodies()]
    assert texts == [f"{odd}\n\tat a.B.c(B.java:1)\n", 'plain "x"\n']


def test_a_chunk_with_an_open_record_is_acknowledged_with_the_record() -> None:
    notes = Notes()
    joiner = line_joiner(parser(*DATED), notes=notes)
    first, receipt_first = joiner.take(b"2026-a\n2026-b\n", 0, notes.receipt("first"), NOW, 0.0)
    middle, receipt_middle = joiner.take(b" b1\n", 14, notes.receipt("middle"), NOW, 0.0)
    receipt_first.release()
    receipt_middle.release()
    assert (logs(first), logs(middle), notes.acks) == (["2026-a\n"], [], [])
    last, receipt_last = joiner.take(b" b2\n2026-c\n", 18, notes.receipt("last"), NOW, 0.0)
    assert logs(last) == ["2026-b\n b1\n b2\n"]
    assert last.offsets == [7]
    assert notes.acks == []
    receipt_last.release()
    assert notes.acks == ["first", "middle"], "the last has a record that is open still"
    given_up = joiner.give_up(None, "stop")
    assert given_up is not None
    given_up[1].release()
    assert notes.acks == ["first", "middle", "last"]


def test_a_record_whose_rest_does_not_come_is_given_up_after_its_timeout() -> None:
    notes = Notes()
    joiner = line_joiner(parser(*DATED, ("flush_timeout", "1500")), notes=notes)
    joiner.take(b"2026-a\n", 0, unnoted(), NOW, 10.0)
    joiner.take(b" a1\n", 7, unnoted(), NOW, 11.0)
    assert joiner.give_up(12.4, "timeout") is None, "the last line came a second later"
    given_up = joiner.give_up(12.5, "timeout")
    assert given_up is not None
    assert logs(given_up[0]) == ["2026-a\n a1\n"]
    assert not joiner.is_waiting
    assert notes.joined["timeout"] == 1


def test_a_record_that_is_too_long_goes_on_in_another_and_is_counted() -> None:
    notes = Notes()
    joiner = line_joiner(parser(*DATED), notes=notes, limit=10)
    lines = b"2026-a\n" + b" 345\n" * 5 + b"2026-b\n"
    batch, _ = joiner.take(lines, 0, unnoted(), NOW, 0.0)
    assert logs(batch) == ["2026-a\n 345\n", " 345\n 345\n", " 345\n 345\n"]
    assert batch.offsets == [0, 12, 22]
    assert notes.joined["limit"] == 2


def test_the_limit_holds_over_blocks_too() -> None:
    notes = Notes()
    joiner = line_joiner(parser(*DATED), notes=notes, limit=100)
    joiner.take(b"2026-a\n", 0, unnoted(), NOW, 0.0)
    texts: list[str] = []
    for number in range(1000):
        batch, _ = joiner.take(b" 345\n", 7 + 5 * number, unnoted(), NOW, 0.0)
        texts += logs(batch)
    assert len(texts) == notes.joined["limit"] == 40
    assert max(map(len, texts)) <= 100 + 25, "the newlines between come on top"


def test_a_line_that_is_longer_than_the_limit_is_one_record_still() -> None:
    joiner = line_joiner(parser(*DATED), limit=10)
    batch, _ = joiner.take(b"2026-" + b"x" * 100 + b"\n2026-\n", 0, unnoted(), NOW, 0.0)
    assert len(logs(batch)[0]) == 106


def test_the_rest_of_a_long_line_goes_on_with_the_line_and_is_not_looked_at() -> None:
    joiner = line_joiner(parser(*DATED))
    joiner.take(b"2026-a ", 0, unnoted(), NOW, 0.0)
    batch, _ = joiner.take(b"2026-b\n2026-c\n", 7, unnoted(), NOW, 0.0, starts_line=False)
    assert logs(batch) == ["2026-a 2026-b\n"]


def test_bytes_that_are_no_text_do_not_keep_lines_from_being_joined() -> None:
    joiner = line_joiner(parser(*DATED))
    batch, _ = joiner.take(b"2026-a \xff\n \xfe\x00\n2026-b\n", 0, unnoted(), NOW, 0.0)
    assert logs(batch) == ["2026-a \ufffd\n \ufffd\x00\n"]


def test_what_is_before_an_open_record_is_acknowledged_without_it(bench: Bench) -> None:
    bench.write("a.log", b"2026-a\n2026-b\n b1\n")
    bench.open("a.log", state=True)
    (chunk,) = bench.chunks(ack=False)
    joiner = line_joiner(parser(*DATED))
    batch, receipt = joiner.take(chunk.data, chunk.start, chunk.receipt, NOW, 0.0)
    receipt.release()
    assert logs(batch) == ["2026-a\n"]
    assert bench.chunks() == []
    assert bench.tailer.ledger.bytes_in_flight == len(b"2026-b\n b1\n")
    given_up = joiner.give_up(None, "stop")
    assert given_up is not None
    given_up[1].release()
    assert bench.chunks() == []
    assert bench.tailer.ledger.bytes_in_flight == 0


def test_a_rest_that_is_in_the_file_and_not_read_is_waited_for(bench: Bench) -> None:
    bench.write("a.log", b"2026-a\n" * 200)
    bench.open("a.log", chunk_bytes=1024, in_flight_bytes=1024, max_line_bytes=200)
    (chunk,) = bench.chunks(ack=False)
    joiner = line_joiner(parser(*DATED, ("flush_timeout", "1000")))
    joiner.take(chunk.data, chunk.start, chunk.receipt, NOW, 0.0)
    assert joiner.give_up(14.9, "timeout") is None, "the outputs take no more just now"
    assert joiner.give_up(15.0, "timeout") is not None, "it may be what all others wait for"


POOL = [
    "2026-a", " b", "", "x", "java.lang.Error: x", "\tat a.B.c(B.java:1)", "Caused by: y",
    "Traceback (most recent call last):", '  File "a.py", line 1', "KeyError: 'x'",
    "panic: x", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3 +0x10",
    "a.rb:1:in `b': x (NameError)", "\tfrom a.rb:2:in `c'", "{", "}", "at noon", "Error",
]  # fmt: skip
ALTERNATIVES: list[tuple[Definition | str, ...]] = [
    ("java",), ("java", "python", "go", "ruby"), ("json", "java"), (parser(*DATED),),
    ("go", parser(*DATED)),
]  # fmt: skip


@pytest.mark.parametrize("names", ALTERNATIVES, ids=range(5))
@pytest.mark.parametrize("seed", range(5))
def test_a_block_at_once_is_split_as_line_by_line_without_short_cuts(
    names: tuple[Definition | str, ...], seed: int
) -> None:
    definitions = [built_in(each) if isinstance(each, str) else each for each in names]
    lines = random.Random(seed).choices(POOL, k=400)
    fast, slow = Machine(definitions), Machine([replace(each, needles=()) for each in definitions])
    expected: list[int] = []
    step = None
    for index, line in enumerate(lines):
        starts, step = slow.split([line], step)
        expected += [index] * len(starts)
    assert list(fast.split(lines, None)[0]) == expected
