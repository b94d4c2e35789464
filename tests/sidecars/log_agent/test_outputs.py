"""What outputs write: the forms of stdout and file, the actions of a bulk request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import TransientError
from pillion.log import Logger
from pillion_log_agent.outputs.elasticsearch.body import BulkFormat, bulk_body
from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties
from pillion_log_agent.outputs.elasticsearch.results import read_refusal, read_results
from pillion_log_agent.outputs.file import FileOutput, FileProperties
from pillion_log_agent.outputs.output import OutputContext
from pillion_log_agent.outputs.rendering import Date, arrow_text, lines
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import json_lines

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_795_255_200_123_456_789
CONTEXT = OutputContext("out", Logger(), lambda: NOW)


def batch(*records: dict[str, Any], tag: str = "app") -> Batch:
    return Batch(
        tag,
        Origin("tail.0", "/a", "1-2-0-ab"),
        Timestamps([NOW] * len(records)),
        block=json_lines(list(records)),
        offsets=[100 + 16 * number for number in range(len(records))],
    )


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("double", "1795255200.123457"),
        ("epoch", "1795255200"),
        ("epoch_ms", "1795255200123"),
        ("iso8601", '"2026-11-21T10:00:00.123456Z"'),
        ("java_sql_timestamp", '"2026-11-21 10:00:00.123456"'),
    ],
)
def test_json_lines_begin_with_the_date(form: str, written: str) -> None:
    text = lines(batch({"a": 1}, {"a": 2}), Date("date", form)).decode()
    assert text == f'{{"date":{written},"a":1}}\n{{"date":{written},"a":2}}\n'


def test_what_all_records_have_ends_each_and_empty_records_are_no_exception() -> None:
    one = batch({"a": 1}, {})
    one.put("host", "h")
    assert lines(one, Date(key="")) == b'{"a":1,"host":"h"}\n{"host":"h"}\n'
    assert [json.loads(line) for line in lines(batch({}), Date()).splitlines()] == [
        {"date": 1795255200.123457}
    ]


def test_the_text_of_fluent_bit_has_arrows() -> None:
    text = arrow_text(batch({"a": "x", "n": 1, "f": 1.5, "m": {"k": [True, None]}})).decode()
    assert text == (
        '[0] app: [[1795255200.123456789, {}], {"a"=>"x", "n"=>1, "f"=>1.500000, '
        '"m"=>{"k"=>[true, nil]}}]\n'
    )


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({}, 'app: [1795255200.123456789, {"a":"x","b":2}]\n'),
        ({"format": "plain"}, '{"a":"x","b":2}\n'),
        ({"format": "csv"}, '1795255200.123456789,"x",2\n'),
        ({"format": "ltsv"}, '"time":1795255200.123457\t"a":"x"\t"b":2\n'),
        ({"format": "template", "template": "{time} {a}!"}, "1795255200.123457 x!\n"),
    ],
)
async def test_files_have_the_form_that_is_asked_for(
    tmp_path: Path, properties: dict[str, Any], text: str
) -> None:
    output = FileOutput(FileProperties(path=str(tmp_path), **properties), CONTEXT)
    await output.write([batch({"a": "x", "b": 2})])
    await output.close()
    assert (tmp_path / "app").read_text() == text


async def test_a_file_that_was_renamed_is_made_anew(tmp_path: Path) -> None:
    output = FileOutput(FileProperties(path=str(tmp_path), file="f", format="plain"), CONTEXT)
    await output.write([batch({"a": 1})])
    (tmp_path / "f").rename(tmp_path / "f.1")
    await output.write([batch({"a": 2})])
    await output.close()
    assert (tmp_path / "f").read_text() == '{"a":2}\n'


async def test_a_disk_that_is_full_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    output = FileOutput(FileProperties(path=str(tmp_path), file="full"), CONTEXT)
    with pytest.raises(TransientError, match="No space left"):
        await output.write([batch({"a": 1})])
    await output.close()


def actions(one: Batch, **properties: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    rows = bulk_body(one, BulkFormat.of(BulkProperties(**properties)), NOW).splitlines()
    pairs = zip(rows[0::2], rows[1::2], strict=True)
    return [(json.loads(action), json.loads(document)) for action, document in pairs]


def test_an_empty_record_changes_no_text_beside_it() -> None:
    texts = {"log": 'a",} {, ",,"'}
    one = batch({}, texts, {})
    one.put("path", ",,")
    assert [document | {"@timestamp": ""} for _, document in actions(one)] == [
        {"@timestamp": "", "path": ",,"},
        {"@timestamp": "", **texts, "path": ",,"},
        {"@timestamp": "", "path": ",,"},
    ]
    assert [json.loads(line) for line in lines(one, Date(key="")).splitlines()] == [
        {"path": ",,"},
        {**texts, "path": ",,"},
        {"path": ",,"},
    ]


def test_ids_are_generation_and_offset_unless_a_field_has_them() -> None:
    records = ({"k": "x"}, {"k": "y"})
    made = [action["create"]["_id"] for action, _ in actions(batch(*records))]
    assert made == ["1-2-0-ab-100", "1-2-0-ab-116"]
    named = [action["create"]["_id"] for action, _ in actions(batch(*records), id_key="k")]
    assert named == ["x", "y"]
    assert actions(batch({"a": 1}), generate_id=False)[0][0] == {"create": {"_index": "fluent-bit"}}


def test_an_index_may_be_named_after_the_day_or_a_field() -> None:
    def index(**properties: Any) -> str:
        name: str = actions(batch({"app": "web"}), **properties)[0][0]["create"]["_index"]
        return name

    assert index(index="a-%Y") == "a-2026"
    assert index(logstash_format=True) == "logstash-2026.11.21"
    assert index(logstash_format=True, logstash_prefix_key="$app") == "web-2026.11.21"
    assert index(index="plain", type="doc") == "plain"


@pytest.mark.parametrize(
    ("properties", "names"),
    [
        ({"index": "app-$k['ns']"}, ["app-web", "app-"]),
        ({"index": "$k['ns']-logs"}, ["web-logs", "-logs"]),
        ({"index": "$k['ns']"}, ["web", "fluent-bit"]),
        ({"index": "rest-%Y", "target_index": "$team-$k['ns']"}, ["a-web", "rest-2026"]),
    ],
)
def test_an_index_may_be_made_of_fields(properties: dict[str, str], names: list[str]) -> None:
    records = batch({"k": {"ns": "web"}, "team": "a"}, {"team": "a"})
    assert [each["create"]["_index"] for each, _ in actions(records, **properties)] == names


def test_a_document_has_its_time_once_and_a_time_of_the_record_s_own_stays() -> None:
    (_, document) = actions(batch({"@timestamp": "x", "a": 1}))[0]
    assert document == {"@timestamp": "x", "a": 1}
    (_, document) = actions(batch({"a": 1}), time_key_nanos=True, time_key="t")[0]
    assert document == {"t": "2026-11-21T10:00:00.123456789Z", "a": 1}


def test_updates_wrap_the_document_and_dots_may_be_replaced() -> None:
    action, document = actions(batch({"a.b": 1}), write_operation="upsert", replace_dots=True)[0]
    assert list(action) == ["update"]
    assert document == {
        "doc": {"@timestamp": "2026-11-21T10:00:00.123Z", "a_b": 1},
        "doc_as_upsert": True,
    }
    assert actions(batch({}), include_tag_key=True)[0][1]["flb-key"] == "app"


def test_each_record_has_a_result_of_its_own() -> None:
    items = [
        {"create": {"status": 201}},
        {"create": {"status": 409, "error": {"type": "version_conflict_engine_exception"}}},
        {"create": {"status": 429, "error": {"type": "busy", "reason": "later"}}},
        {"create": {"status": 507, "error": {"type": "full", "reason": "no room"}}},
        {"create": {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no"}}},
    ]
    answer = json.dumps({"errors": True, "items": items}).encode()
    outcome = read_results(answer, [4, 1], has_ids=True)
    assert list(outcome.again) == [(0, 2), (0, 3)]
    assert [(each.batch, each.index, each.reason) for each in outcome.rejected] == [
        (1, 0, "mapper_parsing_exception")
    ]


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        *[(status, "", "again") for status in (408, 425, 429, 500, 502, 503, 507, 599)],
        (403, "cluster_block_exception", "again"),
        (400, "mapper_parsing_exception", "mapper_parsing_exception"),
        (400, "of_no_known_kind", "400"),
        (403, "security_exception", "security_exception"),
        (404, "", "404"),
        (409, "", "409"),
        (413, "", "too_large"),
        (600, "", "600"),
    ],
)
def test_what_becomes_of_a_record_is_said_by_its_status_and_the_kind_of_error(
    status: int, kind: str, reason: str
) -> None:
    item = {"index": {"status": status, "error": {"type": kind, "reason": "why"}}}
    answer = json.dumps({"errors": True, "items": [item]}).encode()
    outcome = read_results(answer, [1], has_ids=False)
    assert [each.reason for each in outcome.rejected] == ([] if reason == "again" else [reason])
    assert list(outcome.again) == ([(0, 0)] if reason == "again" else [])


TAKEN_ITEM = '{"create":{"status":201}}'


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b'{"errors":true,"items":[]}',
        b"\xff",
        b'{"errors":false,"items":[{},{}]}',
        b'{"errors":true,"items":[{},{}]}',
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_an_answer_that_says_too_little_has_the_batch_sent_again(answer: bytes) -> None:
    with pytest.raises(TransientError):
        read_results(answer, [2], has_ids=True)


@pytest.mark.parametrize("items", [None, [], [TAKEN_ITEM], [TAKEN_ITEM] * 3])
def test_an_answer_without_errors_is_believed_only_with_a_result_for_each_record(
    items: list[str] | None,
) -> None:
    more = "" if items is None else f',"items":[{",".join(items)}]'
    with pytest.raises(TransientError, match=rf"2 records were sent, {len(items or ())} results"):
        read_results(f'{{"took":1,"errors":false{more}}}'.encode(), [1, 1], has_ids=True)


def test_a_result_that_says_it_failed_is_believed_where_the_answer_has_no_errors() -> None:
    failed = '{"create":{"status":503,"error":{"type":"unavailable","reason":"no shard"}}}'
    answer = f'{{"took":1,"errors":false,"items":[{TAKEN_ITEM},{failed}]}}'.encode()
    outcome = read_results(answer, [2], has_ids=True)
    assert list(outcome.again) == [(0, 1)]
    assert "no shard" in outcome.cause


@pytest.mark.parametrize(
    "form", ['{{"errors":false,"items":[{}]}}', '{{ "errors" : false, "items" : [ {} ] }}']
)
def test_an_answer_with_a_result_for_each_record_is_taken_whatever_else_is_in_it(form: str) -> None:
    item = '{"index":{"_index":"a","_id":"\\"status\\":201","status" : 200}}'
    outcome = read_results(form.format(f"{TAKEN_ITEM},{item}").encode(), [1, 1], has_ids=True)
    assert (len(outcome.rejected), len(outcome.again)) == (0, 0)


def test_an_answer_of_brackets_alone_is_one_that_cannot_be_understood() -> None:
    answer = b'{"errors":true,"x":' + b"[" * 100_000
    with pytest.raises(TransientError, match="cannot be understood"):
        read_results(answer, [1], has_ids=True)
    assert read_refusal(answer)[0] == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            b'{"error":{"type":"cluster_block_exception","reason":"blocked"},"status":403}',
            ("cluster_block_exception", "cluster_block_exception: blocked"),
        ),
        (
            b'{"error":{"type":"a","reason":"b","caused_by":{"reason":"c"}},"status":400}',
            ("a", "a: b: c"),
        ),
        (b'{"error":"no handler found","status":400}', ("", "no handler found")),
        (b'{"error":"","status":400}', ("", "")),
        (b"<html>Bad Gateway</html>", ("", "<html>Bad Gateway</html>")),
    ],
    ids=["kind and words", "a cause", "words alone", "nothing", "a proxy's page"],
)
def test_what_a_refused_request_says(answer: bytes, expected: tuple[str, str]) -> None:
    assert read_refusal(answer) == expected
