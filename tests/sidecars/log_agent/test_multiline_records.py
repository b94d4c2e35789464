"""Records that are lines of one are joined: behind a runtime's format, and in the filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion_log_agent.configuration.section import Entry, Place, Section
from pillion_log_agent.filters.filter import FilterContext
from pillion_log_agent.filters.multiline import MultilineFilter, MultilineFilterProperties
from pillion_log_agent.inputs.first_line import FirstLine
from pillion_log_agent.multiline.combine import MultilineContext
from pillion_log_agent.multiline.lines import LineJoiner, LineShape
from pillion_log_agent.multiline.stream import Joining
from pillion_log_agent.parsers.make import Parsers, make_parser
from pillion_log_agent.records.batch import Batch
from tests.sidecars.log_agent.joining import (
    DATED,
    NOW,
    ORIGIN,
    Notes,
    batch_of,
    line_joiner,
    logs,
    parser,
    record_joiner,
)
from tests.sidecars.log_agent.receipts import unnoted

if TYPE_CHECKING:
    from tests.core.tail.conftest import Bench

TRACE = ["java.lang.Error: x", "\tat a.B.c(B.java:1)", "\t... 2 more"]


def batch_at(batch: Batch, offsets: list[int]) -> Batch:
    return Batch(batch.tag, batch.origin, batch.times, records=batch.records(), offsets=offsets)


def out(text: str, **more: Any) -> dict[str, Any]:
    return {"log": text, "stream": "stdout", **more}


def err(text: str, **more: Any) -> dict[str, Any]:
    return {"log": text, "stream": "stderr", **more}


def test_a_joined_record_says_what_its_first_line_says() -> None:
    joiner = record_joiner("java")
    records = [out("a"), *[out(text, n=n) for n, text in enumerate(TRACE)], out("b")]
    (joined,) = joiner.take(batch_of(*records), unnoted(), 0.0)
    assert joined.batch.records() == [out("a"), out("\n".join(TRACE), n=0), out("b")]
    assert joined.batch.offsets == [0, 100, 400]
    assert joined.batch.times.nanoseconds() == [NOW, NOW + 1, NOW + 4]
    assert joined.vanished == 2


def test_texts_that_end_in_newlines_are_joined_by_them() -> None:
    joiner = record_joiner("java")
    records = [out(f"{text}\n") for text in [*TRACE, "b"]]
    (joined,) = joiner.take(batch_of(*records), unnoted(), 0.0)
    assert logs(joined.batch) == ["\n".join(TRACE) + "\n", "b\n"]


def test_a_batch_in_which_nothing_begins_is_not_even_decoded() -> None:
    batch = batch_of(out("a"), out("b"))
    (joined,) = record_joiner("java").take(batch, unnoted(), 0.0)
    assert joined.batch is batch
    assert not batch.is_decoded


@pytest.mark.parametrize("text", ["\tat a.B.c(B.java:1)", "x Exception: y", "a.b.Error"])
def test_what_may_begin_is_found_in_what_is_not_decoded(text: str) -> None:
    joiner = record_joiner("java")
    assert joiner.take(batch_of(out(text)), unnoted(), 0.0) == []
    (given_up,) = joiner.give_up(None, "stop")
    assert logs(given_up.batch) == [text]


def test_streams_that_are_mixed_do_not_disturb_each_other() -> None:
    joiner = record_joiner("java")
    mixed = [
        err(TRACE[0]), out("a"), err(TRACE[1]), out("b"), err(TRACE[2]), out("c"), err("d"),
    ]  # fmt: skip
    (joined,) = joiner.take(batch_of(*mixed), unnoted(), 0.0)
    assert joined.batch.records() == [
        err("\n".join(TRACE)), out("a"), out("b"), out("c"), err("d"),
    ]  # fmt: skip


def test_files_do_not_disturb_each_other() -> None:
    joiner = record_joiner("java")
    assert joiner.take(batch_of(err(TRACE[0]), identity="one"), unnoted(), 0.0) == []
    assert joiner.take(batch_of(err(TRACE[0]), identity="two"), unnoted(), 0.0) == []
    joiner.take(batch_of(err(TRACE[1]), identity="two"), unnoted(), 0.0)
    given_up = {
        each.batch.origin.identity.partition("~")[0]: logs(each.batch)
        for each in joiner.give_up(None, "stop")
    }
    assert given_up == {"one": TRACE[:1], "two": ["\n".join(TRACE[:2])]}


def test_a_record_that_is_given_up_is_not_taken_for_the_whole_one_when_that_comes() -> None:
    joiner = record_joiner("java")
    joiner.take(batch_of(err(TRACE[0]), identity="one"), unnoted(), 0.0)
    (piece,) = joiner.give_up(None, "timeout")
    joiner.take(batch_of(err(TRACE[0]), err(TRACE[1]), identity="one"), unnoted(), 0.0)
    (whole,) = joiner.take(batch_of(err("other"), identity="one"), unnoted(), 0.0)[:1]
    assert piece.batch.offsets == whole.batch.offsets
    assert piece.batch.origin.identity != whole.batch.origin.identity


def test_records_without_the_text_are_left_alone() -> None:
    joiner = record_joiner("java")
    others: list[dict[str, Any]] = [{"n": 1}, {"log": 7}, {"log": None}]
    records = [out(TRACE[0]), *others, out(TRACE[1]), out("b")]
    (joined,) = joiner.take(batch_of(*records), unnoted(), 0.0)
    assert joined.batch.records() == [out("\n".join(TRACE[:2])), *others, out("b")]


def test_rules_may_look_at_another_field_than_the_one_that_is_joined() -> None:
    joiner = record_joiner(
        parser(
            ("key_pattern", "part"), ("key_content", "log"), ("match_string", "last"), kind="equal"
        )
    )
    records = [{"log": "a", "part": "first"}, {"log": "b", "part": "last"}, {"log": "c"}]
    (joined,) = joiner.take(batch_of(*records), unnoted(), 0.0)
    assert logs(joined.batch) == ["ab"], "it was split, so nothing stood between"


def test_a_batch_is_acknowledged_with_the_record_that_it_began() -> None:
    notes = Notes()
    joiner = record_joiner("java", notes=notes)
    (first,) = joiner.take(batch_of(out("a"), out(TRACE[0])), notes.receipt("first"), 0.0)
    first.receipt.release()
    assert notes.acks == []
    assert joiner.take(batch_of(out(TRACE[1]), start=200), notes.receipt("middle"), 0.0) == []
    finished, last = joiner.take(batch_of(out("b"), start=300), notes.receipt("last"), 0.0)
    last.receipt.release()
    assert notes.acks == ["last"], "only it has nothing of the record"
    assert (logs(finished.batch), finished.batch.offsets) == (["\n".join(TRACE[:2])], [100])
    assert finished.vanished == 1
    finished.receipt.release()
    assert notes.acks == ["last", "first", "middle"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_position_moves_over_all_lines_of_a_record_at_once(order: tuple[int, int]) -> None:
    notes = Notes()
    joiner = record_joiner("java", notes=notes)
    joiner.take(batch_of(out(TRACE[0])), notes.receipt("first"), 0.0)
    second = batch_of(out(TRACE[1]), out("b"), start=100)
    handed = joiner.take(second, notes.receipt("second"), 0.0)
    assert [logs(each.batch) for each in handed] == [["\n".join(TRACE[:2])], ["b"]]
    handed[order[0]].receipt.release()
    assert notes.acks == [], "read again from the second chunk on, the trace would be cut"
    handed[order[1]].receipt.release()
    assert sorted(notes.acks) == ["first", "second"]


def test_a_batch_without_records_is_acknowledged_at_once() -> None:
    notes = Notes()
    joiner = record_joiner("java")
    joiner.take(batch_of(out(TRACE[0])), unnoted(), 0.0)
    assert joiner.take(batch_of().select([]), notes.receipt("empty"), 0.0) == []
    assert notes.acks == ["empty"]


def test_a_record_is_given_up_after_its_time_and_not_before() -> None:
    joiner = record_joiner("java")
    joiner.take(batch_of(out(TRACE[0])), unnoted(), 10.0)
    assert joiner.give_up(13.9, "timeout") == []
    (given_up,) = joiner.give_up(14.0, "timeout")
    assert logs(given_up.batch) == TRACE[:1]
    assert joiner.give_up(None, "stop") == []


def test_a_record_that_is_too_long_goes_on_in_another() -> None:
    notes = Notes()
    joiner = record_joiner("java", notes=notes, limit=40)
    records = [out(TRACE[0]), *[out(TRACE[1])] * 4, out("b")]
    (joined,) = joiner.take(batch_of(*records), unnoted(), 0.0)
    assert [text.count("\n") + 1 for text in logs(joined.batch)] == [2, 2, 1, 1]
    assert notes.joined["limit"] == 2


def test_a_record_that_holds_up_the_rest_of_its_file_is_given_up() -> None:
    notes = Notes()
    joiner = record_joiner("java", notes=notes, in_flight=2000)
    assert joiner.take(batch_of(err(TRACE[0])), notes.receipt("first"), 0.0) == []
    for start in range(100, 1000, 100):
        (joined,) = joiner.take(batch_of(out("a"), start=start), notes.receipt("a"), 0.0)
        assert logs(joined.batch) == ["a"]
    behind, _ = joiner.take(batch_of(out("a"), start=1100), notes.receipt("a"), 0.0)
    assert logs(behind.batch) == TRACE[:1]
    behind.receipt.release()
    assert notes.acks == ["first"]


def filter_of(*names: str, context: MultilineContext | None = None, **more: Any) -> MultilineFilter:
    properties = MultilineFilterProperties(parser=(names,) if names else (), **more)
    return MultilineFilter(
        properties,
        FilterContext(
            "multiline.0", Logger(), Parsers({}).get, lambda: NOW, {}, context or MultilineContext()
        ),
    )


def test_the_filter_waits_as_long_as_flush_ms_says() -> None:
    now = 10.0
    made = filter_of("java", context=MultilineContext(clock=lambda: now), flush=0.5)
    assert made.hold(batch_of(out(TRACE[0])), unnoted()) == []
    now = 10.4
    assert made.give_up(is_last=False) == []
    now = 10.5
    (given_up,) = made.give_up(is_last=False)
    assert logs(given_up.batch) == TRACE[:1]


def test_the_filter_lets_go_of_all_at_the_end() -> None:
    made = filter_of("java")
    made.hold(batch_of(out(TRACE[0])), unnoted())
    assert len(made.give_up(is_last=True)) == 1


def test_the_filter_joins_the_field_that_it_is_told() -> None:
    made = filter_of("java", key_content="message")
    records = [{"log": "x", "message": text} for text in [*TRACE, "b"]]
    (joined,) = made.hold(batch_of(*records), unnoted())
    assert [record["message"] for record in joined.batch.records()] == ["\n".join(TRACE), "b"]


@pytest.mark.parametrize(
    ("names", "more", "sentence"),
    [
        ((), {}, "multiline.parser: is missing"),
        (("jva",), {}, "no multiline parser 'jva'; did you mean java?"),
        (("java",), {"mode": "partial_message"}, "mode: partial_message is for records of docker"),
    ],
)
def test_what_the_filter_cannot_do_is_an_error(
    names: tuple[str, ...], more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        filter_of(*names, **more)


def test_docker_and_cri_have_no_effect_in_the_filter() -> None:
    batch = batch_of(out("a"))
    (joined,) = filter_of("docker", "cri").hold(batch, unnoted())
    assert joined.batch is batch


def old_joiner(*others: str) -> LineJoiner:
    def made(pattern: str, **more: str) -> Any:
        place = Place("parsers.conf", 1)
        keys = {"name": "p", "format": "regex", "regex": pattern, **more}
        entries = tuple(Entry(key, value, place) for key, value in keys.items())
        return make_parser(Section("parser", place, entries))

    first = made(r"^(?<time>\d{4}-\S+) (?<level>\w+) (?<message>.*)$", time_format="%Y-%m-%d")
    compose = FirstLine("log", first, [made(other) for other in others])
    joining = Joining(compose.machine(4.0), 1_000_000, Notes().note)
    return LineJoiner(joining, LineShape("log", compose=compose), "t", ORIGIN)


OLD = b"before\n2026-11-21 ERROR it failed\n\tat a\nuser=7 x\n\tat b\n2026-11-22 INFO ok\n"


def test_the_old_way_adds_lines_to_the_last_field_of_the_first_line() -> None:
    batch, _ = old_joiner().take(OLD, 0, unnoted(), NOW, 0.0)
    assert batch.records() == [
        {"log": "before"},
        {"level": "ERROR", "message": "it failed\n\tat a\nuser=7 x\n\tat b"},
    ]
    assert batch.times.iso(3) == ["2026-11-21T10:00:00.000", "2026-11-21T00:00:00.000"]
    assert batch.offsets == [0, 7]


def test_the_old_way_takes_fields_of_other_lines_by_their_parsers() -> None:
    batch, _ = old_joiner(r"^user=(?<user>\d+) (?<rest>.*)$").take(OLD, 0, unnoted(), NOW, 0.0)
    assert batch.records()[1] == {
        "level": "ERROR", "message": "it failed\n\tat a", "user": "7", "rest": "x\n\tat b",
    }  # fmt: skip


def test_the_old_way_ends_a_record_where_the_next_first_line_is() -> None:
    joiner = old_joiner()
    joiner.take(OLD, 0, unnoted(), NOW, 0.0)
    assert joiner.is_waiting
    given_up = joiner.give_up(4.0, "timeout")
    assert given_up is not None
    assert given_up[0].records() == [{"level": "INFO", "message": "ok"}]


def test_lines_and_records_are_joined_alike() -> None:
    lines = ["x", *TRACE, "y", *TRACE, *TRACE, "z"]
    by_line, _ = line_joiner("java").take("\n".join(lines).encode(), 0, unnoted(), NOW, 0.0)
    (by_record,) = record_joiner("java").take(
        batch_of(*[out(line) for line in lines]), unnoted(), 0.0
    )
    assert [text.removesuffix("\n") for text in logs(by_line)] == logs(by_record.batch)


def test_a_parser_of_one_s_own_may_tell_streams_apart_by_any_field() -> None:
    joiner = record_joiner(parser(*DATED, ("key_group", "thread")))
    records = [
        {"log": "2026-a", "thread": "1"}, {"log": "2026-b", "thread": "2"},
        {"log": " a1", "thread": "1"}, {"log": " b1", "thread": "2"},
    ]  # fmt: skip
    assert joiner.take(batch_of(*records), unnoted(), 0.0) == []
    assert [logs(each.batch) for each in joiner.give_up(None, "stop")] == [
        ["2026-a\n a1"], ["2026-b\n b1"],
    ]  # fmt: skip


def test_what_is_before_the_first_open_record_is_acknowledged_without_it(bench: Bench) -> None:
    lines = [b"a\n", b"java.lang.Error: x\n"]
    bench.write("a.log", b"".join(lines))
    bench.open("a.log", state=True)
    (chunk,) = bench.chunks(ack=False)
    joiner = record_joiner("java")
    batch = batch_at(batch_of(out("a"), out("java.lang.Error: x")), [0, 2])
    (joined,) = joiner.take(batch, chunk.receipt, 0.0)
    joined.receipt.release()
    assert logs(joined.batch) == ["a"]
    assert bench.chunks() == []
    assert bench.tailer.ledger.bytes_in_flight == len(lines[1])
    (given_up,) = joiner.give_up(None, "stop")
    given_up.receipt.release()
    assert bench.chunks() == []
    assert bench.tailer.ledger.bytes_in_flight == 0
