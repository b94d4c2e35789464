"""The outputs to Kinesis: streams and Firehose in moto, and a stand-in with the limits of AWS."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from tests.servers import aws_signature
from tests.servers.aws import ENVIRONMENT, REGION, SECRET_KEY
from tests.servers.http_sink import http_sink
from tests.sidecars.log_agent.made_outputs import made_output
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
STREAMS = ("kinesis_streams", "kinesis")
BOTH = ("kinesis_streams", "kinesis_firehose")


class Kinesis:
    """Both APIs, as their documentation has them."""

    def __init__(self, sink: HttpSink) -> None:
        self.sink = sink
        self.records: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.fault: tuple[int, str] | None = None
        self.failing: set[int] = set()
        sink.answer = self.answer

    def answer(self, posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
        service, _, action = posted.headers["X-Amz-Target"].partition("_")
        service = service.lower()
        wrong = aws_signature.fault(posted, secret=SECRET_KEY, service=service, region=REGION)
        if wrong is not None:
            return 400, {}, json.dumps({"__type": "InvalidSignatureException"}).encode()
        if self.fault is not None:
            status, code = self.fault
            return status, {}, json.dumps({"__type": code, "message": "why"}).encode()
        records = json.loads(posted.body)["Records"]
        sizes = [
            len(base64.b64decode(each["Data"])) + len(each.get("PartitionKey", ""))
            for each in records
        ]
        limit, longest = (5 << 20, 1 << 20) if service == "kinesis" else (4 << 20, 1000 << 10)
        if len(records) > 500 or sum(sizes) > limit or max(sizes) > longest:
            return 400, {}, json.dumps({"__type": "ValidationException"}).encode()
        self.sizes.append(len(records))
        failed = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}
        done = {"SequenceNumber": "1", "ShardId": "0"}
        results = [failed if number in self.failing else done for number in range(len(records))]
        self.records += [each for number, each in enumerate(records) if number not in self.failing]
        key = "Records" if action.endswith("PutRecords") else "RequestResponses"
        return 200, {}, json.dumps({key: results}).encode()

    def data(self) -> list[bytes]:
        return [base64.b64decode(each["Data"]) for each in self.records]


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    with http_sink() as running:
        yield Kinesis(running)


def made(name: str, port: int, **properties: str) -> Output:
    stream = "stream" if name in STREAMS else "delivery_stream"
    given = {"region": REGION, "endpoint": f"http://127.0.0.1:{port}", stream: "logs"}
    return made_output(name, *(given | properties).items())


async def put(kinesis: Kinesis, name: str, given: list[Batch], **properties: str) -> Outcome:
    output = made(name, kinesis.sink.port, **properties)
    try:
        return await output.write(given)
    finally:
        await output.close()


@pytest.mark.parametrize("name", BOTH)
async def test_each_record_is_a_line_of_json_with_its_time_where_it_is_asked_for(
    kinesis: Kinesis, name: str
) -> None:
    outcome = await put(
        kinesis,
        name,
        [batch({"a": "한"}), batch({})],
        time_key="at",
        time_key_format="%Y-%m-%dT%H:%M:%S.%3NZ",
    )
    assert (outcome.rejected, outcome.again) == ([], [])
    assert kinesis.data() == [
        '{"a":"한","at":"2026-11-21T10:00:00.123Z"}\n'.encode(),
        b'{"at":"2026-11-21T10:00:00.123Z"}\n',
    ]


@pytest.mark.parametrize("name", ["kinesis", "firehose"])
async def test_under_the_names_of_the_plugins_in_go_no_newline_is_added(
    kinesis: Kinesis, name: str
) -> None:
    await put(
        kinesis, name, [batch({"a.b": {"c.d": 1}, "x": 2})], data_keys="a.b", replace_dots="_"
    )
    assert kinesis.data() == [b'{"a_b":{"c_d":1}}']


@pytest.mark.parametrize("name", BOTH)
async def test_one_field_is_the_data_and_what_has_none_is_put_aside(
    kinesis: Kinesis, name: str
) -> None:
    given = [batch({"log": "a"}, {"x": 1}, {"log": "b"})]
    outcome = await put(kinesis, name, given, log_key="log", compression="gzip")
    assert [gzip.decompress(data) for data in kinesis.data()] == [b"a\n", b"b\n"]
    assert [(each.index, each.reason) for each in outcome.rejected] == [(1, "empty")]


async def test_records_are_spread_over_shards_or_go_by_a_field(kinesis: Kinesis) -> None:
    await put(kinesis, "kinesis_streams", [batch(*[{"n": each} for each in range(50)])])
    assert len({each["PartitionKey"] for each in kinesis.records}) == 50
    kinesis.records.clear()
    given = [batch({"k": {"id": "x"}}, {"k": 1})]
    await put(kinesis, "kinesis_streams", given, partition_key="$k['id']")
    keys = [each["PartitionKey"] for each in kinesis.records]
    assert (keys[0], len(keys[1])) == ("x", 8)


@pytest.mark.parametrize("name", BOTH)
async def test_no_request_has_more_than_the_api_takes(kinesis: Kinesis, name: str) -> None:
    many = [batch(*[{"n": number} for number in range(1100)])]
    assert not (await put(kinesis, name, many)).again
    assert kinesis.sizes == [500, 500, 100]
    large = [batch(*[{"log": "x" * 900_000} for _ in range(6)], {"log": "x" * 1_100_000})]
    outcome = await put(kinesis, name, large)
    assert not outcome.again
    assert [(each.index, each.reason) for each in outcome.rejected] == [(6, "too_large")]
    assert len(kinesis.records) == 1106


@pytest.mark.parametrize("name", BOTH)
async def test_only_the_records_that_a_shard_had_no_room_for_are_sent_again(
    kinesis: Kinesis, name: str
) -> None:
    kinesis.failing = {1}
    outcome = await put(kinesis, name, [batch({"n": 0}), batch({"n": 1}, {"n": 2})])
    assert list(outcome.again) == [(1, 0)]
    assert outcome.cause == "ProvisionedThroughputExceededException: slow"


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ResourceNotFoundException"),
        (400, "LimitExceededException"),
        (400, "ValidationException"),
        (500, "InternalFailure"),
    ],
)
async def test_records_wait_while_the_stream_does_not_take_them(
    kinesis: Kinesis, name: str, status: int, code: str
) -> None:
    kinesis.fault = status, code
    outcome = await put(kinesis, name, [batch({"n": 0}, {"n": 1})])
    assert list(outcome.again) == [(0, 0), (0, 1)]
    assert f"{code}: why" in outcome.cause


def test_what_cannot_work_is_refused() -> None:
    with pytest.raises((ConfigurationError, ValueError), match="each record is one of the stream"):
        made("kinesis_streams", 1, simple_aggregation="on")


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
    name kinesis_streams
    match *
    region eu-west-1
    endpoint http://127.0.0.1:{port}
    stream late
    log_key log
[OUTPUT]
    name kinesis_firehose
    match *
    region eu-west-1
    endpoint http://127.0.0.1:{port}
    delivery_stream late
    log_key log
"""


def in_the_stream(aws: Aws) -> set[str]:
    client = aws.client("kinesis")
    shard = client.list_shards(StreamName="late")["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamName="late", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return {each["Data"].decode() for each in client.get_records(ShardIterator=iterator)["Records"]}


def in_the_bucket(aws: Aws) -> set[str]:
    client = aws.client("s3")
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="fire").get("Contents", [])]
    found = [client.get_object(Bucket="fire", Key=key)["Body"].read() for key in keys]
    return set(b"".join(found).decode().splitlines(keepends=True))


def test_every_line_is_in_streams_that_came_late(tmp_path: Path, aws: Aws) -> None:
    lines = [f"line-{number:04d}\n" for number in range(1200)]
    (tmp_path / "app.log").write_text("".join(lines))
    path = tmp_path / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=tmp_path, port=aws.port))
    with agent(path, environment=ENVIRONMENT) as running:
        running.started.wait_for_log("ResourceNotFoundException")
        aws.client("kinesis").create_stream(StreamName="late", ShardCount=1)
        aws.client("s3").create_bucket(
            Bucket="fire", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        aws.client("firehose").create_delivery_stream(
            DeliveryStreamName="late",
            S3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/r",
                "BucketARN": "arn:aws:s3:::fire",
            },
        )
        eventually(lambda: running.records("delivered"), lambda records: records == 1200)
        running.process.terminate()
        running.process.wait(30)
    assert balances(summary(running.started.log))
    assert in_the_stream(aws) == set(lines)
    assert in_the_bucket(aws) == set(lines)
