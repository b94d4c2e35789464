"""The output cloudwatch_logs: against moto's server, and a stand-in that refuses what AWS does.

The stand-in is written from AWS's documentation of PutLogEvents; it verifies each signature.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from tests.servers import aws_signature
from tests.servers.aws import ENVIRONMENT, REGION, SECRET_KEY
from tests.servers.http_sink import http_sink
from tests.sidecars.log_agent.made_outputs import NOW, made_output
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_outputs import batch
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome, Output
    from pillion_log_agent.records.batch import Batch
    from tests.servers.aws import Aws
    from tests.servers.http_sink import HttpSink, Posted

pytestmark = pytest.mark.usefixtures("aws_environment")
MILLISECONDS = NOW // 1_000_000
DAY = 24 * 3600 * 1_000_000_000
Answer = tuple[int, dict[str, str], bytes]


def refusal(code: str, status: int = 400, message: str = "why") -> Answer:
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, {"x-amzn-RequestId": "1"}, body


class Logs:
    """The API as its documentation has it."""

    def __init__(self, sink: HttpSink) -> None:
        self.sink = sink
        self.groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self.retention: dict[str, int] = {}
        self.faults: list[Answer] = []
        self.info: dict[str, int] = {}
        self.calls: list[str] = []
        sink.answer = self.answer

    def answer(self, posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
        wrong = aws_signature.fault(posted, secret=SECRET_KEY, service="logs", region=REGION)
        if wrong is not None:
            return refusal("InvalidSignatureException", message=wrong)
        _, _, action = posted.headers["X-Amz-Target"].partition("Logs_20140328.")
        self.calls.append(action)
        if action == "PutLogEvents" and self.faults:
            return self.faults.pop(0)
        given = json.loads(posted.body)
        done: Answer = getattr(self, action)(given)
        return done

    def ok(self, body: dict[str, Any] | None = None) -> Answer:
        return 200, {"x-amzn-RequestId": "1"}, json.dumps(body or {}).encode()

    def CreateLogGroup(self, given: dict[str, Any]) -> Answer:  # noqa: N802
        if given["logGroupName"] in self.groups:
            return refusal("ResourceAlreadyExistsException")
        self.groups[given["logGroupName"]] = {}
        return self.ok()

    def PutRetentionPolicy(self, given: dict[str, Any]) -> Answer:  # noqa: N802
        self.retention[given["logGroupName"]] = given["retentionInDays"]
        return self.ok()

    def CreateLogStream(self, given: dict[str, Any]) -> Answer:  # noqa: N802
        streams = self.groups.get(given["logGroupName"])
        if streams is None:
            return refusal("ResourceNotFoundException")
        if given["logStreamName"] in streams:
            return refusal("ResourceAlreadyExistsException")
        if set(given["logStreamName"]) & {":", "*"}:
            return refusal("InvalidParameterException")
        streams[given["logStreamName"]] = []
        return self.ok()

    def PutLogEvents(self, given: dict[str, Any]) -> Answer:  # noqa: N802
        streams = self.groups.get(given["logGroupName"], {})
        if given["logStreamName"] not in streams:
            return refusal("ResourceNotFoundException")
        events = given["logEvents"]
        times = [event["timestamp"] for event in events]
        sizes = [len(event["message"].encode()) + 26 for event in events]
        is_good = (
            1 <= len(events) <= 10_000
            and times == sorted(times)
            and times[-1] - times[0] < 24 * 3600 * 1000
            and sum(sizes) <= 1_048_576
            and all(event["message"] and "poison" not in event["message"] for event in events)
        )
        if not is_good:
            return refusal("InvalidParameterException")
        streams[given["logStreamName"]] += events
        return self.ok({"rejectedLogEventsInfo": self.info} if self.info else {})

    def messages(self, group: str = "group", stream: str = "s") -> list[str]:
        return [event["message"] for event in self.groups[group][stream]]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with http_sink() as running:
        yield Logs(running)


def made(port: int, **properties: str) -> Output:
    given = {
        "region": REGION,
        "endpoint": f"http://127.0.0.1:{port}",
        "log_group_name": "group",
        "auto_create_group": "on",
    } | properties
    if not properties.keys() & {"log_stream_name", "log_stream_prefix"}:
        given["log_stream_name"] = "s"
    return made_output("cloudwatch_logs", *given.items())


async def write(logs: Logs, given: list[Batch], **properties: str) -> Outcome:
    output = made(logs.sink.port, **properties)
    try:
        return await output.write(given)
    finally:
        await output.close()


def at(times: list[int], *records: dict[str, Any]) -> Batch:
    found = batch(*records)
    found.times = type(found.times)(times)
    return found


async def test_the_whole_record_is_the_event_with_its_time(logs: Logs) -> None:
    outcome = await write(logs, [batch({"log": 'a "b"\n', "한": 1})])
    assert logs.groups["group"]["s"] == [
        {"timestamp": MILLISECONDS, "message": '{"log":"a \\"b\\"\\n","한":1}'}
    ]
    assert (outcome.rejected, outcome.again) == ([], [])
    assert logs.calls == [
        "CreateLogStream",
        "CreateLogGroup",
        "CreateLogStream",
        "PutLogEvents",
    ]


async def test_one_field_is_the_event_and_a_record_without_it_is_put_aside(logs: Logs) -> None:
    given = batch({"log": "plain"}, {"x": 1}, {"log": {"a": [1]}}, {"log": ""})
    outcome = await write(logs, [given], log_key="log")
    assert logs.messages() == ["plain", '{"a":[1]}']
    assert [(each.index, each.reason) for each in outcome.rejected] == [
        (1, "log_key"),
        (3, "empty"),
    ]


async def test_names_are_made_of_the_tag_and_of_fields(logs: Logs) -> None:
    records = [{"k": {"ns": "one"}, "log": 1}, {"k": {}, "log": 2}]
    await write(
        logs,
        [batch(*records, tag="kube.var.app")],
        log_stream_prefix="from-",
        log_group_template="/eks/$k['ns']",
        log_stream_template="$k['ns'].$TAG[1]",
    )
    assert {group: list(streams) for group, streams in logs.groups.items()} == {
        "/eks/one": ["one.var"],
        "group": ["from-kube.var.app"],
    }


async def test_under_the_name_of_the_plugin_in_go_fields_are_in_brackets(logs: Logs) -> None:
    output = made_output(
        "cloudwatch",
        ("region", REGION),
        ("endpoint", f"http://127.0.0.1:{logs.sink.port}"),
        ("log_group_name", "/eks/$(k['ns'])"),
        ("log_stream_name", "$(tag[1])-$(k['pod'])/$(tag)"),
        ("auto_create_group", "true"),
    )
    await output.write([batch({"k": {"ns": "n", "pod": "p"}}, {"k": {"ns": "n"}}, tag="a.b")])
    await output.close()
    assert {group: list(streams) for group, streams in logs.groups.items()} == {
        "/eks/n": ["b-p/a.b", "/fluentbit-default"],
    }


async def test_events_go_in_the_order_of_their_times(logs: Logs) -> None:
    given = [at([NOW + 2 * 10**6, NOW], {"n": 2}, {"n": 0}), at([NOW + 10**6], {"n": 1})]
    await write(logs, given)
    assert logs.messages() == ['{"n":0}', '{"n":1}', '{"n":2}']


async def test_no_request_has_more_than_the_api_takes(logs: Logs) -> None:
    many = batch(*[{"n": number} for number in range(10_001)])
    large = batch(*[{"log": "x" * 300_000} for _ in range(4)])
    apart = at([NOW, NOW + DAY], {"a": 1}, {"a": 2})
    outcome = await write(logs, [many])
    assert not outcome.rejected
    assert logs.calls.count("PutLogEvents") == 2
    outcome = await write(logs, [large], log_stream_name="large")
    assert not outcome.rejected
    outcome = await write(logs, [apart], log_stream_name="apart")
    assert not outcome.rejected
    assert [len(logs.messages(stream=name)) for name in ("s", "large", "apart")] == [10_001, 4, 2]


async def test_a_record_that_is_too_long_becomes_several_events_and_loses_nothing(
    logs: Logs,
) -> None:
    text = "é한" * 300_000
    outcome = await write(logs, [batch({"log": text}, {"log": "b"})], log_key="log")
    assert not outcome.rejected
    assert "".join(logs.messages()) == text + "b"
    assert len(logs.messages()) == 3


async def test_a_record_that_is_refused_alone_is_put_aside_and_the_others_are_taken(
    logs: Logs,
) -> None:
    given = [batch({"log": "one"}, {"log": "poison"}), batch({"log": "two"})]
    outcome = await write(logs, given, log_key="log")
    ((rejection),) = outcome.rejected
    assert (rejection.batch, rejection.index) == (0, 1)
    assert rejection.reason == "InvalidParameterException"
    assert sorted(logs.messages()) == ["one", "two"]


async def test_events_that_an_answer_of_success_refuses_are_put_aside_with_the_reason(
    logs: Logs,
) -> None:
    logs.info = {
        "expiredLogEventEndIndex": 1,
        "tooOldLogEventEndIndex": 2,
        "tooNewLogEventStartIndex": 3,
    }
    times = [NOW + number * 10**6 for number in (3, 0, 1, 2)]
    outcome = await write(logs, [at(times, {"n": 3}, {"n": 0}, {"n": 1}, {"n": 2})])
    assert [(each.index, each.reason) for each in outcome.rejected] == [
        (1, "expired"),
        (2, "too_old"),
        (0, "too_new"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        refusal("ThrottlingException"),
        refusal("ServiceUnavailableException", 500),
        refusal("AccessDeniedException"),
        refusal("ExpiredTokenException"),
        (503, {}, b"<html>"),
        (200, {}, b"<html>it works</html>"),
    ],
)
async def test_what_may_be_better_later_is_sent_again(logs: Logs, answer: Answer) -> None:
    output = made(logs.sink.port)
    given = [batch({"log": 1}), batch({"log": 2})]
    logs.faults = [answer]
    outcome = await output.write(given)
    assert list(outcome.again) == [(0, 0), (1, 0)]
    assert outcome.cause
    assert not (await output.write(given)).again
    assert len(logs.messages()) == 2
    await output.close()


async def test_what_one_stream_took_is_not_sent_again_when_the_next_fails(logs: Logs) -> None:
    logs.faults = [logs.ok(), refusal("ThrottlingException")]
    given = [batch({"log": 1}, tag="one"), batch({"log": 2}, tag="two")]
    outcome = await write(logs, given, log_stream_prefix="")
    assert list(outcome.again) == [(1, 0)]


async def test_a_stream_that_was_deleted_is_created_again(logs: Logs) -> None:
    output = made(logs.sink.port)
    await output.write([batch({"n": 1})])
    logs.groups.clear()
    assert not (await output.write([batch({"n": 2})])).again
    assert logs.messages() == ['{"n":2}']
    await output.close()


async def test_a_group_that_is_not_there_is_said_so_and_waited_for(logs: Logs) -> None:
    outcome = await write(logs, [batch({"n": 1})], auto_create_group="off")
    assert list(outcome.again) == [(0, 0)]
    assert "the log group group is not there, and auto_create_group is off" in outcome.cause


async def test_a_stream_whose_name_is_refused_holds_up_no_other(logs: Logs) -> None:
    given = [batch({"s": "a:b"}, {"s": "good"})]
    outcome = await write(logs, given, log_stream_template="$s")
    assert [each.index for each in outcome.rejected] == [0]
    assert logs.messages(stream="good") == ['{"s":"good"}']


async def test_a_new_group_keeps_events_for_so_many_days(logs: Logs) -> None:
    await write(logs, [batch({"n": 1})], log_retention_days="14", log_format="json/emf")
    assert logs.retention == {"group": 14}
    assert logs.sink.posted[-1].headers["x-amzn-logs-format"] == "json/emf"


async def test_samples_of_the_machine_become_metrics(logs: Logs) -> None:
    given = batch({"cpu_p": 1.5, "user_p": 1.0, "host": "a"})
    given.origin = type(given.origin)("cpu.0", "", "x")
    await write(logs, [given], metric_namespace="mine", metric_dimensions="host;a,b")
    found = json.loads(logs.messages()[0])
    assert found["cpu_p"] == 1.5
    assert found["_aws"] == {
        "Timestamp": MILLISECONDS,
        "CloudWatchMetrics": [
            {
                "Namespace": "mine",
                "Dimensions": [["host"], ["a", "b"]],
                "Metrics": [
                    {"Name": "cpu_p", "Unit": "Percent"},
                    {"Name": "user_p", "Unit": "Percent"},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"log_stream_prefix": "a", "log_stream_name": "b"}, "and not both"),
        ({"log_retention_days": "2"}, "is not a number of days that AWS takes"),
        ({"region": "eu west"}, "is not a region"),
        ({"endpoint": "https://a/b"}, "is not an address"),
        ({"endpoint": "https://a", "tls": "off"}, "tls: is off"),
        ({"log_group_class": "CHEAP"}, "write STANDARD or INFREQUENT_ACCESS"),
    ],
)
def test_what_cannot_work_is_refused(properties: dict[str, str], sentence: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=sentence):
        made(1, **properties)


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
[OUTPUT]
    name cloudwatch_logs
    match *
    region eu-west-1
    endpoint http://127.0.0.1:{port}
    log_group_name {group}
    log_stream_prefix from-
    auto_create_group true
    log_key log
    retry_limit no_limits
"""


def messages_of(aws: Aws, group: str) -> list[str]:
    client = aws.client("logs")
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = client.get_log_events(
            logGroupName=group, logStreamName="from-app", startFromHead=True, **token
        )
        if not page["events"]:
            return found
        found += [event["message"] for event in page["events"]]
        token = {"nextToken": page["nextForwardToken"]}


def test_every_line_is_in_the_group_after_an_agent_without_credentials_and_a_restart(
    tmp_path: Path, aws: Aws
) -> None:
    log = tmp_path / "app.log"
    log.write_text("".join(f"line-{number:04d}\n" for number in range(300)))
    path = tmp_path / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=tmp_path, port=aws.port, group="restart"))
    without = {**ENVIRONMENT, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with agent(path, environment=without) as running:
        running.started.wait_for_log("no AWS credentials were found")
        running.kill()
    with agent(path, environment=ENVIRONMENT) as running:
        eventually(lambda: running.records("delivered"), lambda records: records == 300)
        with log.open("a") as file:
            file.write("".join(f"line-{number:04d}\n" for number in range(300, 400)))
        eventually(lambda: running.records("delivered"), lambda records: records == 400)
        running.process.terminate()
        running.process.wait(30)
    assert balances(summary(running.started.log))
    assert messages_of(aws, "restart") == [f"line-{number:04d}" for number in range(400)]


async def test_moto_has_what_was_sent(aws: Aws) -> None:
    output = made(aws.port, log_group_name="direct", log_stream_name="from-app")
    assert not (await output.write([batch({"log": "hi"})])).again
    await output.close()
    assert messages_of(aws, "direct") == ['{"log":"hi"}']


async def test_without_credentials_nothing_is_lost_and_the_reason_is_said(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    outcome = await write(logs, [batch({"n": 1})])
    assert "no AWS credentials were found" in outcome.cause
    assert list(outcome.again) == [(0, 0)]
