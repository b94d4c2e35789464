"""The outputs that post over HTTP: http, loki, splunk, datadog, opentelemetry.

The stand-ins refuse what the real servers refuse, by their documentation.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from pillion.errors import ConfigurationError, TransientError
from tests.servers.http_sink import http_sink
from tests.sidecars.log_agent.made_outputs import NOW, made_output
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_outputs import batch
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome
    from pillion_log_agent.records.batch import Batch
    from tests.servers.http_sink import HttpSink, Posted


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as running:
        yield running


async def write(sink: HttpSink, name: str, given: list[Batch], **properties: str) -> Outcome:
    entries = [("host", "127.0.0.1"), ("port", str(sink.port))]
    entries += [(key.replace("__", "."), value) for key, value in properties.items()]
    output = made_output(name, *entries)
    try:
        return await output.write(given)
    finally:
        await output.close()


def answering(status: int, body: bytes = b"", **headers: str) -> Any:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda _posted: (status, named, body)


@pytest.mark.parametrize(
    ("format_", "body"),
    [
        ("json", b'[{"date":1795255200,"a":1},{"date":1795255200,"a":2}]'),
        ("json_lines", b'{"date":1795255200,"a":1}\n{"date":1795255200,"a":2}\n'),
        ("json_stream", b'{"date":1795255200,"a":1}{"date":1795255200,"a":2}'),
    ],
)
async def test_http_posts_both_batches_in_one_body(
    sink: HttpSink, format_: str, body: bytes
) -> None:
    given = [batch({"a": 1}), batch({"a": 2})]
    await write(sink, "http", given, format=format_, json_date_format="epoch", uri="/in?x=1")
    (posted,) = sink.posted
    assert (posted.method, posted.path, posted.body) == ("POST", "/in?x=1", body)


async def test_http_packs_and_says_so_with_headers_and_the_tag_of_each_batch(
    sink: HttpSink,
) -> None:
    output = made_output(
        "http",
        ("port", str(sink.port)),
        ("compress", "gzip"),
        ("header", "X-Key Abc def"),
        ("header_tag", "X-Tag"),
        ("http_user", "u"),
        ("http_passwd", "p"),
        ("json_date_key", "false"),
    )
    await output.write([batch({"a": 1}, tag="one"), batch({"a": 2}, tag="two")])
    await output.close()
    assert [posted.headers["X-Tag"] for posted in sink.posted] == ["one", "two"]
    assert [posted.body for posted in sink.posted] == [b'[{"a":1}]', b'[{"a":2}]']
    assert sink.posted[0].headers["X-Key"] == "Abc def"
    assert sink.posted[0].headers["Authorization"] == "Basic dTpw"


async def test_http_writes_messagepack_with_times_down_to_the_nanosecond(sink: HttpSink) -> None:
    await write(sink, "http", [batch({"a": "한"})], format="msgpack")
    ((time, metadata), record) = msgspec.msgpack.decode(sink.posted[0].body)
    assert (time.code, int.from_bytes(time.data[4:])) == (0, NOW % 1_000_000_000)
    assert (metadata, record) == ({}, {"a": "한"})


async def test_http_writes_gelf(sink: HttpSink) -> None:
    record = {"log": "hi", "level": "error", "id": 5, "in": {"a b": True}}
    await write(sink, "http", [batch(record)], format="gelf", gelf_short_message_key="log")
    found = json.loads(sink.posted[0].body)
    assert found.pop("host")
    assert found == {
        "version": "1.1",
        "short_message": "hi",
        "timestamp": NOW / 1e9,
        "level": 3,
        "__id": 5,
        "_in_a_b": "true",
    }


@pytest.mark.parametrize("name", ["http", "loki", "splunk", "datadog", "opentelemetry"])
@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_what_may_be_better_later_is_sent_again(
    sink: HttpSink, name: str, status: int
) -> None:
    sink.answer = answering(status, b"why", Retry_After="7")
    more = {"apikey": "k", "tls": "off"} if name == "datadog" else {}
    with pytest.raises(TransientError, match=f"answered {status}: why") as raised:
        await write(sink, name, [batch({"a": 1})], **more)
    assert raised.value.after == 7.0


def refuse_the_bad(posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
    return (400, {}, b"it is bad") if b"bad" in posted.body else (200, {}, b"")


@pytest.mark.parametrize("name", ["http", "loki", "splunk", "datadog", "opentelemetry"])
async def test_a_record_that_is_refused_alone_is_put_aside_and_the_others_are_taken(
    sink: HttpSink, name: str
) -> None:
    sink.answer = refuse_the_bad
    more = {"apikey": "k", "tls": "off"} if name == "datadog" else {}
    given = [batch({"log": "one"}, {"log": "bad"}, {"log": "two"}), batch({"log": "three"})]
    outcome = await write(sink, name, given, **more)
    ((rejection),) = outcome.rejected
    assert (rejection.batch, rejection.index, rejection.reason) == (0, 1, "400")
    assert "it is bad" in rejection.detail
    assert not outcome.again
    taken = b"".join(posted.body for posted in sink.taken)
    assert all(word in taken for word in (b"one", b"two", b"three"))


async def test_loki_gets_streams_by_label_with_lines_in_order(sink: HttpSink) -> None:
    given = [batch({"log": "b", "s": {"n": "x"}}), batch({"log": "a", "s": {"n": "x"}})]
    given[1].times = type(given[1].times)([NOW - 5])
    given.append(batch({"log": "c", "s": {"n": "y"}, "t": 5}))
    await write(
        sink,
        "loki",
        given,
        labels="job=app, $s['n'], none=$nothing",
        remove_keys="$s",  # its n and t are left out as labels and metadata
        structured_metadata="tt=$t",
        drop_single_key="raw",
        tenant_id="me",
    )
    (posted,) = sink.posted
    assert posted.path == "/loki/api/v1/push"
    assert posted.headers["X-Scope-OrgID"] == "me"
    assert json.loads(posted.body) == {
        "streams": [
            {
                "stream": {"job": "app", "s_n": "x"},
                "values": [[str(NOW - 5), "a"], [str(NOW), "b"]],
            },
            {
                "stream": {"job": "app", "s_n": "y"},
                "values": [[str(NOW), "c", {"tt": "5"}]],
            },
        ]
    }


async def test_loki_gets_each_tenant_by_itself_and_never_a_header_of_a_records_making(
    sink: HttpSink,
) -> None:
    given = [batch({"o": "a", "log": 1}, {"o": "b", "log": 2}, {"o": "x\r\nY: z", "log": 3})]
    await write(sink, "loki", given, tenant_id_key="o", tenant_id="d", line_format="key_value")
    tenants = [posted.headers.get("X-Scope-OrgID") for posted in sink.posted]
    assert tenants == ["a", "b", None]
    assert all("Y" not in posted.headers for posted in sink.posted)
    assert 'o=\\"a\\" log=1' in sink.posted[0].body.decode()


async def test_loki_takes_the_labels_of_the_pod_and_of_a_map(
    sink: HttpSink, tmp_path: Path
) -> None:
    path = tmp_path / "map.json"
    path.write_text('{"kubernetes": {"pod_name": "pod"}}')
    record = {"kubernetes": {"pod_name": "p-1", "labels": {"app.kubernetes.io/name": "web"}}}
    await write(
        sink, "loki", [batch(record)], label_map_path=str(path), auto_kubernetes_labels="on"
    )
    (stream,) = json.loads(sink.posted[0].body)["streams"]
    assert stream["stream"] == {"pod": "p-1", "app_kubernetes_io_name": "web"}
    assert "p-1" not in stream["values"][0][1]


async def test_splunk_gets_events_with_what_describes_them(sink: HttpSink) -> None:
    await write(
        sink,
        "splunk",
        [batch({"log": "a", "h": "web", "i": "main"}, {"x": 1})],
        splunk_token="t",
        event_host="$h",
        event_source="src",
        event_index="other",
        event_index_key="$i",
        event_field="host_name $h",
        event_key="log",
    )
    (posted,) = sink.posted
    assert posted.path == "/services/collector/event"
    assert posted.headers["Authorization"] == "Splunk t"
    events = [json.loads(line) for line in posted.body.splitlines()]
    assert events == [
        {
            "time": NOW / 1e9,
            "host": "web",
            "source": "src",
            "index": "main",
            "fields": {"host_name": "web"},
            "event": "a",
        },
        {"time": NOW / 1e9, "source": "src", "index": "other", "event": {"x": 1}},
    ]


async def test_splunk_names_the_event_that_is_wrong_and_those_before_it_are_taken(
    sink: HttpSink,
) -> None:
    words = b'{"text":"Invalid data format","code":6,"invalid-event-number":2}'
    sink.answer = answering(400, words)
    outcome = await write(sink, "splunk", [batch({"n": 0}, {"n": 1}), batch({"n": 2}, {"n": 3})])
    ((rejection),) = outcome.rejected
    assert (rejection.batch, rejection.index) == (1, 0)
    assert list(outcome.again) == [(1, 1)]
    assert len(sink.posted) == 1


async def test_datadog_gets_a_thousand_logs_at_most_with_their_tags(sink: HttpSink) -> None:
    records = [{"log": number, "ddtags": "a:b"} for number in range(1500)]
    await write(
        sink,
        "datadog",
        [batch(*records)],
        tls="off",
        apikey="key",
        dd_service="web",
        dd_tags="env:x",
        dd_message_key="log",
    )
    sizes = [len(json.loads(posted.body)) for posted in sink.posted]
    assert sizes == [1000, 500]
    assert sink.posted[0].headers["DD-API-KEY"] == "key"
    assert json.loads(sink.posted[0].body)[0] == {
        "timestamp": NOW // 1_000_000,
        "service": "web",
        "ddtags": "env:x,a:b",
        "message": 0,
    }


async def test_opentelemetry_sends_logs_that_its_own_types_read(sink: HttpSink) -> None:
    record = {
        "log": "hi",
        "n": 1 << 70,
        "list": [1, 2.5, None, True],
        "SeverityText": "error",
        "TraceId": "0" * 31 + "1",
        "SpanId": "short",
    }
    await write(
        sink,
        "opentelemetry",
        [batch(record)],
        logs_body_key="$log",
        logs_body_key_attributes="on",
        add_label="service.name web",
    )
    (posted,) = sink.posted
    assert posted.path == "/v1/logs"
    assert posted.headers["Content-Type"] == "application/x-protobuf"
    request = ExportLogsServiceRequest()
    request.ParseFromString(posted.body)
    (resource,) = request.resource_logs
    assert resource.resource.attributes[0].value.string_value == "web"
    (log,) = resource.scope_logs[0].log_records
    assert (log.time_unix_nano, log.body.string_value) == (NOW, "hi")
    assert (log.severity_text, log.severity_number) == ("error", 17)
    assert (len(log.trace_id), log.span_id) == (16, b"")
    attributes = {each.key: each.value for each in log.attributes}
    assert attributes["n"].string_value == str(1 << 70)
    assert len(attributes["list"].array_value.values) == 4


async def test_opentelemetry_puts_aside_what_a_success_refuses_whole(sink: HttpSink) -> None:
    answer = ExportLogsServiceResponse()
    answer.partial_success.rejected_log_records = 2
    answer.partial_success.error_message = "too old"
    sink.answer = answering(200, answer.SerializeToString())
    outcome = await write(sink, "opentelemetry", [batch({"a": 1}, {"a": 2})])
    assert [each.detail for each in outcome.rejected] == ["too old", "too old"]


async def test_opentelemetry_takes_no_page_for_an_answer(sink: HttpSink) -> None:
    sink.answer = answering(200, b"<html>it works</html>")
    with pytest.raises(TransientError, match="no answer of OTLP"):
        await write(sink, "opentelemetry", [batch({"a": 1})])


@pytest.mark.parametrize(
    ("name", "entries", "sentence"),
    [
        ("datadog", [], "apikey is missing"),
        ("loki", [("labels", "job")], "write name=value"),
        ("loki", [("label_map_path", "/no/map")], "label_map_path: /no/map cannot be read"),
        ("http", [("format", "xml")], "format"),
        ("http", [("header", "Content-Length 5")], "Content-Length is set by HTTP itself"),
        ("http", [("aws_auth", "on")], "put a proxy that signs"),
        ("opentelemetry", [("grpc", "on")], "send over HTTP"),
    ],
)
def test_what_cannot_work_is_refused(
    name: str, entries: list[tuple[str, str]], sentence: str
) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=sentence):
        made_output(name, *entries)


CONFIGURATION = """
[SERVICE]
    flush 0.05
    scheduler.base 0.05
    scheduler.cap 0.1
[INPUT]
    name tail
    path {folder}/app.log
    tag app
    read_from_head on
    db {folder}/db
"""
OUTPUT = """
[OUTPUT]
    name {name}
    match *
    host 127.0.0.1
    port {port}
"""
NAMES = ("http", "loki", "splunk", "opentelemetry", "datadog")


def test_all_of_them_deliver_through_an_outage_and_a_kill(tmp_path: Path) -> None:
    """They are down at first, then too busy, then the agent is killed; no line is lost."""
    log = tmp_path / "app.log"
    log.write_text("".join(f"line-{number:04d}\n" for number in range(300)))
    path = tmp_path / "agent.conf"
    ports: dict[str, int] = {}
    for name in NAMES:
        with http_sink() as free:
            ports[name] = free.port
    text = CONFIGURATION.format(folder=tmp_path)
    for name in NAMES:
        text += OUTPUT.format(name=name, port=ports[name])
    path.write_text(text + "    tls off\n    apikey k\n")
    lines = {f"line-{number:04d}".encode() for number in range(600)}

    def found(sinks: list[HttpSink]) -> list[int]:
        bodies = [b"".join(posted.body for posted in each.taken) for each in sinks]
        return [sum(line in body for line in lines) for body in bodies]

    with agent(path) as running:
        eventually(lambda: running.started.log, lambda said: "cannot be reached" in said)
        sinks: list[HttpSink] = []
        with _sinks(ports, sinks):
            for each in sinks:
                each.answer = answering(429, b"slow down")
            eventually(lambda: all(each.posted for each in sinks), bool)
            running.kill()
            for each in sinks:
                each.answer = answering(200)
            with log.open("a") as file:
                file.write("".join(f"line-{number:04d}\n" for number in range(300, 600)))
            with agent(path) as again:
                eventually(lambda: found(sinks), lambda counts: counts == [600] * len(NAMES))
                assert again.started.stop() == 0
    figures = summary(again.started.log)
    assert balances(figures)
    assert figures["delivered"] == 600


def _sinks(ports: Mapping[str, int], sinks: list[HttpSink]) -> Any:
    stack = ExitStack()
    sinks += [stack.enter_context(http_sink(ports[name])) for name in NAMES]
    return stack
