"""Parsers: text becomes fields and a time; blocks go on as they are where they may."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_log_agent.configuration.section import Entry, Place, Section
from pillion_log_agent.inputs.lines import LineReader
from pillion_log_agent.inputs.pieces import PieceJoiner, PieceOptions
from pillion_log_agent.parsers.builtin import BUILT_IN, built_in
from pillion_log_agent.parsers.make import make_parser
from pillion_log_agent.parsers.parsed import Parser
from pillion_log_agent.parsers.runtime import AS_MULTILINE, AS_PARSER, Shape
from pillion_log_agent.parsers.runtime_block import parse_runtime_block
from pillion_log_agent.patterns.times import show_iso
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.wire import from_wire
from tests.sidecars.log_agent.receipts import noting, unnoted
from tests.sidecars.log_agent.running import docker_line

ORIGIN = Origin("tail.0", "/a.log", "1-2-0-3")
NOW = 1_795_255_200_000_000_000


def parser(**keys: str) -> Parser:
    place = Place("test", 1)
    entries = {"name": "test", **{key.replace("__", "."): value for key, value in keys.items()}}
    return make_parser(
        Section("parser", place, tuple(Entry(key, value, place) for key, value in entries.items()))
    )


def fields(made: Parser, text: str) -> dict[str, object]:
    parsed = made.parse(text, NOW)
    assert parsed is not None
    return parsed.fields


def test_json_takes_its_time_out_unless_it_is_to_be_kept() -> None:
    text = '{"a":1,"time":"2026-11-21T10:00:00.5Z"}'
    iso = "%Y-%m-%dT%H:%M:%S.%L"
    dropped = parser(format="json", time_key="time", time_format=iso).parse(text, NOW)
    kept = parser(format="json", time_key="time", time_format=iso, time_keep="on").parse(text, NOW)
    assert dropped is not None
    assert kept is not None
    assert dropped.fields == {"a": 1}
    assert kept.fields == {"a": 1, "time": "2026-11-21T10:00:00.5Z"}
    assert dropped.time == kept.time == NOW + 500_000_000


@pytest.mark.parametrize("text", ["no json", "[1]", "1", "", '{"a":', "[" * 100_000])
def test_what_is_no_object_is_not_parsed(text: str) -> None:
    assert parser(format="json").parse(text, NOW) is None


def test_a_time_that_cannot_be_read_stays_a_field() -> None:
    made = parser(format="json", time_key="time", time_format="%Y-%m-%d")
    parsed = made.parse('{"time":"soon"}', NOW)
    assert parsed is not None
    assert (parsed.fields, parsed.time) == ({"time": "soon"}, None)


def test_regex_gives_types_and_leaves_out_what_is_empty() -> None:
    made = parser(
        format="regex", regex=r"^(?<code>\d+) (?<size>\S+) (?<ok>\S+) ?(?<rest>.*)$",
        types="code:integer size:float ok:bool rest:hex",
    )  # fmt: skip
    assert fields(made, "200 1.5 true ") == {"code": 200, "size": 1.5, "ok": True}
    assert fields(made, "200 - true ff") == {"code": 200, "size": 0.0, "ok": True, "rest": 255}


def test_logfmt_has_quotes_escapes_and_bare_keys() -> None:
    made = parser(format="logfmt")
    text = r'level=info msg="a \"b\" c" flag n=1 empty='
    assert fields(made, text) == {
        "level": "info", "msg": 'a "b" c', "flag": True, "n": "1", "empty": True,
    }  # fmt: skip
    assert parser(format="logfmt", logfmt_no_bare_keys="on").parse(text, NOW) is None


def test_ltsv_has_labels_and_values_with_colons() -> None:
    assert fields(parser(format="ltsv"), "a:1\tb:x:y\tz") == {"a": "1", "b": "x:y"}


def test_fields_are_decoded_in_their_place_or_into_the_record() -> None:
    text = json.dumps({"log": '{"a":1}', "s": "x\\ty"})
    made = parser(format="json", decode_field="json log", decode_field_as="escaped_utf8 s")
    assert fields(made, text) == {"log": '{"a":1}', "a": 1, "s": "x\ty"}
    made = parser(format="json", decode_field_as="json log")
    assert fields(made, text)["log"] == {"a": 1}


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_parser_can_be_made(name: str) -> None:
    assert make_parser(built_in(name)).name == name


@pytest.mark.parametrize(
    ("name", "text", "some", "time"),
    [
        (
            "nginx",
            '10.0.0.1 - bob [21/Nov/2026:10:00:00 +0000] "GET /a?b HTTP/1.1" 200 12 "-" "curl/8"',
            {
                "remote": "10.0.0.1",
                "user": "bob",
                "method": "GET",
                "path": "/a?b",
                "code": "200",
                "agent": "curl/8",
            },
            "2026-11-21T10:00:00.000Z",
        ),
        (
            "apache2",
            '10.0.0.1 - - [21/Nov/2026:10:00:00 +0100] "POST /x HTTP/1.1" 404 -',
            {"host": "10.0.0.1", "method": "POST", "code": "404", "size": "-"},
            "2026-11-21T09:00:00.000Z",
        ),
        (
            "syslog-rfc5424",
            "<34>1 2026-11-21T10:00:00.003Z host app 123 ID47 - it works",
            {"pri": "34", "ident": "app", "pid": "123", "message": "it works"},
            "2026-11-21T10:00:00.003Z",
        ),
        (
            "syslog-rfc3164",
            "<13>Nov 21 10:00:00 host app[7]: it works",
            {"host": "host", "ident": "app", "pid": "7", "message": "it works"},
            "2026-11-21T10:00:00.000Z",
        ),
        (
            "cri",
            "2026-11-21T10:00:00.123456789+01:00 stderr F a message",
            {"stream": "stderr", "logtag": "F", "message": "a message"},
            "2026-11-21T09:00:00.123Z",
        ),
    ],
)
def test_the_usual_formats_are_understood(
    name: str, text: str, some: dict[str, str], time: str
) -> None:
    parsed = make_parser(built_in(name)).parse(text, NOW)
    assert parsed is not None
    assert parsed.time is not None
    assert some.items() <= parsed.fields.items()
    assert show_iso(parsed.time) == time


def docker_block(*texts: str) -> bytes:
    return "".join(docker_line(text, number) for number, text in enumerate(texts)).encode()


def test_a_block_of_docker_s_goes_on_as_it_is() -> None:
    data = docker_block("a", "b")
    batch = LineReader("log", make_parser(built_in("docker"))).batch(data, "t", ORIGIN, 100, NOW)
    assert f"{{{batch.bodies()[0]}}}\n".encode() == data.splitlines(keepends=True)[0]
    assert batch.offsets == [100, 100 + len(docker_line("a", 0))]
    assert batch.times.iso(3) == ["2026-11-21T10:00:00.000", "2026-11-21T10:00:01.001"]


def test_offsets_are_those_of_the_file_where_lines_have_white_space_around_them() -> None:
    first, second = docker_block("a", "b").splitlines(keepends=True)
    data = first[:-1] + b" \r\n" + b"  " + second
    batch = LineReader("log", make_parser(built_in("docker"))).batch(data, "t", ORIGIN, 0, NOW)
    bodies = batch.bodies()
    assert [json.loads(f"{{{body}}}")["log"] for body in bodies] == ["a\n", "b\n"]
    assert batch.offsets == [0, len(first) + 2]


def test_what_only_looks_like_an_object_keeps_the_white_space_around_it() -> None:
    good, bad = docker_block("good"), b" \t{no object}  \n"
    batch = LineReader("log", make_parser(built_in("docker"))).batch(
        good + bad + good, "t", ORIGIN, 0, NOW
    )
    assert batch.records()[1] == {"log": " \t{no object}  "}
    assert batch.offsets == [0, len(good), len(good) + len(bad)]


def test_a_line_that_no_runtime_wrote_loses_its_own_end_alone() -> None:
    block = parse_runtime_block(b"no time here\r\r\n", ("cri",), AS_MULTILINE)
    assert block.columns.records() == [{"log": "no time here\r"}]


BAD_LINES = [
    b'{"log":"a\xff\xfeb","stream":"stdout","time":"2026-11-21T10:00:00Z"}',
    b'{"log":"nul \\u0000 \x00","stream":"stdout","time":"2026-11-21T10:00:00Z"}',
    b'{"log":"half \\ud800","time":"2026-11-21T10:00:00Z"}',
    b'{"n":123456789012345678901234567890,"time":"2026-11-21T10:00:00Z"}',
    b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b',"time":"2026-11-21T10:00:00Z"}',
    b'{"time":"0001-01-01T00:00:00Z"}',
    b'{"time":"9999-12-31T23:59:59.999999999Z"}',
    b'{"time":"99999-12-31T23:59:59Z"}',
    b'{"time":7}',
    b"{}",
    b"null",
    b"\x00\x01\xff",
    b'{"log":"' + b"x" * 1_000_000,
]


@pytest.mark.parametrize("bad", BAD_LINES, ids=lambda line: line[:24].decode("latin-1"))
def test_a_bad_line_becomes_a_record_and_spoils_none_beside_it(bad: bytes) -> None:
    good = docker_block("good")
    data = good + bad + b"\n" + good
    batch = LineReader("log", make_parser(built_in("docker"))).batch(data, "t", ORIGIN, 0, NOW)
    bodies = batch.bodies()
    assert len(bodies) == len(batch) == 3
    records = [json.loads(f"{{{body}}}") for body in bodies]
    assert records[0]["log"] == records[2]["log"] == "good\n"
    assert batch.offsets == [0, len(good), len(good) + len(bad) + 1]
    assert len(batch.times.iso(3)) == len(batch.times.epoch(9)) == 3


@pytest.mark.parametrize("between", ["", "  ", "\r", "\x1c", "\u2003", "no json"])
@pytest.mark.parametrize("name", [None, "docker", "cri", "nginx"])
def test_a_line_of_white_space_is_a_record_as_any_other(name: str | None, between: str) -> None:
    good = docker_block("good")
    data = good + f"{between}\n".encode() + good
    made = make_parser(built_in(name)) if name else None
    batch = LineReader("log", made).batch(data, "t", ORIGIN, 0, NOW)
    assert batch.records()[1] == {"log": between.removesuffix("\r")}
    assert batch.offsets == [0, len(good), len(data) - len(good)]


@pytest.mark.parametrize("name", [None, "docker", "nginx"])
def test_empty_lines_are_left_out_where_that_is_asked_for(name: str | None) -> None:
    made = make_parser(built_in(name)) if name else None
    batch = LineReader("log", made, skip_empty=True).batch(b"\na\n\r\n \n", "t", ORIGIN, 5, NOW)
    assert [record["log"] for record in batch.records()] == ["a", " "]
    assert batch.offsets == [6, 10]


def test_pieces_leave_out_empty_lines_where_that_is_asked_for() -> None:
    options = PieceOptions(("cri",), AS_MULTILINE, 10_000, skip_empty=True)
    piece, rest = (f"2026-11-21T10:00:00Z stdout {text}\n" for text in ("P a", "F b"))
    joiner = PieceJoiner(options, "t", ORIGIN)
    batch, _ = joiner.take(f"{piece}\n{rest}\n".encode(), 0, unnoted(), NOW, 0.0)
    assert [record["log"] for record in batch.records()] == ["ab"]


def test_two_objects_on_one_line_are_not_taken_for_an_empty_line_s() -> None:
    one = docker_block("one").removesuffix(b"\n")
    data = one + one + b"\n\n" + one + b"\n"
    batch = LineReader("log", make_parser(built_in("docker"))).batch(data, "t", ORIGIN, 0, NOW)
    assert [record["log"] for record in batch.records()] == [(one + one).decode(), "", "one\n"]
    assert batch.offsets == [0, 2 * len(one) + 1, 2 * len(one) + 2]


LINES = st.sampled_from([
    '{"a":1}', '{"a":1,"time":"2026-11-21T10:00:00.5Z"}', '{"time":"2026-11-21T10:00:00.5Z"}',
    '{"time":"2026-11-21T10:00:00Z"}{"time":"2026-11-21T10:00:00Z"}', '{"a":{}', "{", "}", "{}", "",
    " ", "\r", "\x1c", "\u2003", "text", "[]", ' {"time":"2026-11-21T10:00:00Z"} ', '{"a":"\u00e9"}',
])  # fmt: skip


@given(lines=st.lists(LINES, min_size=1, max_size=6), keep=st.sampled_from(["on", "off"]))
def test_a_block_of_json_is_what_its_lines_are(lines: list[str], keep: str) -> None:
    iso = "%Y-%m-%dT%H:%M:%S.%L%z"
    reader = LineReader(
        "log", parser(format="json", time_key="time", time_format=iso, time_keep=keep)
    )

    def taken(*blocks: bytes) -> list[tuple[int, int, dict[str, object]]]:
        found, start = [], 0
        for block in blocks:
            batch = reader.batch(block, "t", ORIGIN, start, NOW)
            times = batch.times.nanoseconds()
            found += list(zip(batch.offsets, times, batch.records(), strict=True))
            start += len(block)
        return found

    data = [f"{line}\n".encode() for line in lines]
    assert taken(b"".join(data)) == taken(*data)


def test_lines_that_are_not_parsed_are_quoted_under_the_key() -> None:
    data = 'pl"ain\r\ncaf\u00e9 \u2028 x\n\nlast'.encode()
    batch = LineReader("message").batch(data, "t", ORIGIN, 10, NOW)
    records = [json.loads(from_wire(f"{{{body}}}")) for body in batch.bodies()]
    assert [record["message"] for record in records] == ['pl"ain', "caf\u00e9 \u2028 x", "", "last"]
    assert batch.offsets == [10, 18, 30, 31]


def test_a_line_that_docker_has_split_is_joined_and_holds_its_chunks() -> None:
    acks: list[str] = []
    joiner = PieceJoiner(PieceOptions(("docker",), AS_MULTILINE, 10_000), "t", ORIGIN)
    first = docker_line("whole", 1) + docker_line("a-", 2).replace("a-\\n", "a-")
    second = docker_line("b", 3) + docker_line("whole", 4)
    batch, receipt = joiner.take(first.encode(), 0, noting(acks, "first"), NOW, 0.0)
    assert [record["log"] for record in batch.records()] == ["whole\n"]
    receipt.release()
    assert acks == [], "the first chunk has a piece of a line that is not delivered"
    batch, receipt = joiner.take(second.encode(), 200, noting(acks, "second"), NOW, 0.0)
    assert [record["log"] for record in batch.records()] == ["a-b\n", "whole\n"]
    assert batch.offsets[0] == len(docker_line("whole", 1)), "it is where it begins"
    receipt.release()
    assert sorted(acks) == ["first", "second"]


def test_cri_s_pieces_are_joined_for_each_stream_by_itself() -> None:
    joiner = PieceJoiner(PieceOptions(("cri",), AS_PARSER, 10_000), "t", ORIGIN)
    time = "2026-11-21T10:00:00Z"
    lines = [f"{time} stdout P one ", f"{time} stderr F err", f"{time} stdout F two", "no cri"]
    batch, _ = joiner.take(("\n".join(lines) + "\n").encode(), 0, unnoted(), NOW, 0.0)
    records = batch.records()
    assert records[0] == {"stream": "stderr", "logtag": "F", "message": "err"}
    assert records[1] == {"stream": "stdout", "logtag": "P", "message": "one two"}
    assert records[2] == {"log": "no cri"}


@pytest.mark.parametrize("shape", [AS_MULTILINE, AS_PARSER])
def test_a_block_of_cri_s_without_pieces_is_taken_as_line_by_line(shape: Shape) -> None:
    time = "2026-11-21T10:00:00.123456789Z"
    whole = f"{time} stdout F one\n{time} stderr F  two \n{time} stdout F \n".encode()
    # A piece in the block has every line of it looked at by itself.
    pieces = whole + f"{time} stdout P a\n{time} stdout F b\n".encode()
    both = []
    for data in (whole, pieces):
        joiner = PieceJoiner(PieceOptions(("cri",), shape, 10_000), "t", ORIGIN)
        batch, _ = joiner.take(data, 7, unnoted(), NOW, 0.0)
        both.append(
            (
                batch.records()[:3],
                batch.offsets[:3],
                batch.times.nanoseconds()[:3],
                batch.times.iso(9)[:3],
            )
        )
    assert both[0] == both[1]
    assert [record[shape.text] for record in both[0][0]] == ["one", " two ", ""]


def test_a_line_whose_rest_does_not_come_is_given_up_after_a_while() -> None:
    acks: list[str] = []
    joiner = PieceJoiner(PieceOptions(("cri",), AS_MULTILINE, 10_000, 4.0), "t", ORIGIN)
    line = b"2026-11-21T10:00:00Z stdout P never\n"
    _, receipt = joiner.take(line, 0, noting(acks, "chunk"), NOW, 10.0)
    receipt.release()
    assert joiner.give_up(NOW, 13.9) is None
    given_up = joiner.give_up(NOW, 14.0)
    assert given_up is not None
    batch, receipt = given_up
    assert [record["log"] for record in batch.records()] == ["never"]
    receipt.release()
    assert acks == ["chunk"]
    assert not joiner.is_waiting
