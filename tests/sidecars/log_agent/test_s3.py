"""The output s3: objects in moto's bucket, and a stand-in that verifies what moto does not."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.outputs.s3.key import KeyFormat, name_of
from tests.servers import aws_signature
from tests.servers.aws import ENVIRONMENT, REGION, SECRET_KEY
from tests.servers.http_sink import http_sink
from tests.sidecars.log_agent.dispatching import Collecting, Desk
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


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as running:
        yield running


def made(port: int, **properties: str) -> Output:
    given = {"bucket": "logs", "region": REGION, "endpoint": f"http://127.0.0.1:{port}"}
    return made_output("s3", *(given | properties).items())


async def put(sink: HttpSink, given: list[Batch], **properties: str) -> Outcome:
    output = made(sink.port, **properties)
    try:
        return await output.write(given)
    finally:
        await output.close()


def verifying(answers: list[tuple[int, bytes]] | None = None) -> Any:
    """Answer as S3 does: refuse what is not signed, and then as told."""
    left = list(answers or [])

    def answer(posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
        wrong = aws_signature.fault(posted, secret=SECRET_KEY, service="s3", region=REGION)
        if wrong is not None:
            body = f"<Error><Code>SignatureDoesNotMatch</Code><Message>{wrong}</Message></Error>"
            return 403, {}, body.encode()
        status, words = left.pop(0) if left else (200, b"")
        return status, {}, words

    return answer


async def test_an_object_has_the_lines_of_a_tag_in_order(sink: HttpSink) -> None:
    sink.answer = verifying()
    given = [batch({"a": 1}, tag="one"), batch({"b": "한"}, tag="two"), batch({"a": 2}, tag="one")]
    outcome = await put(sink, given, s3_key_format="/logs/$TAG/%Y-%m-%d", static_file_path="on")
    assert not outcome.again
    assert {posted.path: posted.body.decode() for posted in sink.posted} == {
        "/logs/logs/one/2026-11-21": '{"date":"2026-11-21T10:00:00.123456Z","a":1}\n'
        '{"date":"2026-11-21T10:00:00.123456Z","a":2}\n',
        "/logs/logs/two/2026-11-21": '{"date":"2026-11-21T10:00:00.123456Z","b":"한"}\n',
    }


async def test_the_headers_are_those_that_are_asked_for(sink: HttpSink) -> None:
    sink.answer = verifying()
    await put(
        sink,
        [batch({"a": 1})],
        compression="gzip",
        content_type="application/x-ndjson",
        canned_acl="bucket-owner-full-control",
        storage_class="STANDARD_IA",
        send_content_md5="on",
        json_date_key="false",
    )
    (posted,) = sink.taken
    assert gzip.decompress(posted.raw) == b'{"a":1}\n'
    assert posted.headers["Content-Encoding"] == "gzip"
    assert posted.headers["Content-Type"] == "application/x-ndjson"
    assert posted.headers["x-amz-acl"] == "bucket-owner-full-control"
    assert posted.headers["x-amz-storage-class"] == "STANDARD_IA"
    md5 = base64.b64encode(hashlib.md5(posted.raw).digest()).decode()
    assert posted.headers["Content-MD5"] == md5


@pytest.mark.parametrize(
    ("template", "delimiters", "key"),
    [
        ("/a/$TAG[0]/$TAG[2]/%H", ".", "/a/kube/app-1/10-objectNAME"),
        ("$TAG[1]-$UUID.gz", ".-", "/var-NAME.gz"),
        ("/%s/%L/%3N/$UUID", ".", "/{seconds}/123456789/123/NAME"),
        ("/x/$TAG[9]/$UUID", ".", "/x//NAME"),
        ("/$TAG/100%%/$UUID", ".", "/kube.var.app-1/100%/NAME"),
    ],
)
def test_keys_are_made_of_the_tag_the_time_and_letters(
    template: str, delimiters: str, key: str
) -> None:
    found = KeyFormat(template, delimiters).fill("kube.var.app-1", NOW, "NAME")
    assert found == key.format(seconds=NOW // 1_000_000_000)


def test_a_tag_is_not_read_as_letters_of_a_time() -> None:
    assert KeyFormat("/$TAG/$UUID").fill("%Y", NOW, "n") == "/%Y/n"


async def test_whatever_stands_in_a_tag_is_signed_and_escaped(sink: HttpSink) -> None:
    sink.answer = verifying()
    outcome = await put(sink, [batch({"a": 1}, tag="a b/ü+~?&%")], static_file_path="on")
    assert not outcome.again, outcome.cause
    assert sink.taken[0].path.startswith("/logs/fluent-bit-logs/a%20b/%C3%BC%2B~%3F%26%25/2026")


async def test_the_same_records_have_the_same_key_when_they_are_sent_once_more(
    sink: HttpSink,
) -> None:
    sink.answer = verifying([(500, b"")])
    first = await put(sink, [batch({"a": 1}, {"a": 2})])
    assert list(first.again) == [(0, 0), (0, 1)]
    await put(sink, [batch({"a": 1}, {"a": 2})])
    assert sink.posted[0].path == sink.posted[1].path
    other = batch({"a": 1})
    assert name_of([other]) != name_of([batch({"a": 1}, {"a": 2})])


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AccessDenied"), (404, "NoSuchBucket"), (503, "SlowDown"), (400, "InvalidArgument")],
)
async def test_records_wait_while_the_bucket_does_not_take_them(
    sink: HttpSink, status: int, code: str
) -> None:
    words = f"<Error><Code>{code}</Code><Message>why</Message></Error>".encode()
    sink.answer = verifying([(200, b""), (status, words)])
    given = [batch({"a": 1}, tag="one"), batch({"a": 2}, tag="two"), batch({"a": 3}, tag="three")]
    outcome = await put(sink, given)
    assert list(outcome.again) == [(1, 0), (2, 0)]
    assert f"{code}: why" in outcome.cause


async def test_one_field_is_the_line_and_a_record_without_it_is_put_aside(sink: HttpSink) -> None:
    sink.answer = verifying()
    outcome = await put(sink, [batch({"log": "a\n"}, {"x": 1}, {"log": {"b": 1}})], log_key="log")
    assert sink.taken[0].body == b'a\n{"b":1}\n'
    assert [(each.index, each.reason) for each in outcome.rejected] == [(1, "log_key")]


async def test_a_key_that_s3_does_not_take_puts_its_records_aside(sink: HttpSink) -> None:
    outcome = await put(sink, [batch({"a": 1}, tag="x" * 1100), batch({"a": 2})])
    assert [(each.batch, each.reason) for each in outcome.rejected] == [(0, "key_too_long")]
    assert len(sink.posted) == 1


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"s3_key_format": "/$INDEX"}, "write \\$UUID"),
        ({"compression": "snappy"}, "compression"),
        ({"format": "parquet"}, "format"),
        ({"authorization_endpoint_url": "http://a"}, "let IAM credentials"),
    ],
)
def test_what_cannot_work_is_refused(properties: dict[str, str], sentence: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=sentence):
        made(1, **properties)


class Gathering(Collecting):
    """An output that waits for much."""

    gather_bytes = 100
    gather_seconds = 3600.0

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[int] = []

    async def write(self, batches: Any) -> Outcome:
        self.writes.append(len(batches))
        return await super().write(batches)


async def test_an_output_that_gathers_is_given_much_at_once_and_the_rest_at_the_end() -> None:
    output = Gathering()
    desk = Desk(output)
    for number in range(5):
        desk.put(1, f"batch-{number}", size=40)
    async with desk.at_work():
        await desk.until_settled("batch-0")
        assert "batch-4" not in desk.settled
        desk.dispatcher.drain()
        await desk.until_settled("batch-4")
    assert sum(output.writes) == 5
    assert max(output.writes) < 5


CONFIGURATION = """
[SERVICE]
    flush 0.05
    scheduler.base 0.05
    scheduler.cap 0.1
    mem_buf_limit 1MiB
[INPUT]
    name tail
    path {folder}/app.log
    tag app
    read_from_head on
    db {folder}/db
[OUTPUT]
    name s3
    match *
    region eu-west-1
    endpoint http://127.0.0.1:{port}
    bucket {bucket}
    s3_key_format /$TAG/%Y/$UUID.gz
    compression gzip
    log_key log
    total_file_size 100M
    upload_timeout {timeout}
    store_dir /tmp/fluent-bit/s3
    retry_limit no_limits
"""


def objects_of(aws: Aws, bucket: str) -> list[str]:
    client = aws.client("s3")
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    listed.sort(key=lambda each: each["LastModified"])
    bodies = [client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]
    return [gzip.decompress(body).decode() for body in bodies]


def test_every_line_is_in_an_object_after_a_bucket_that_came_late_and_a_kill(
    tmp_path: Path, aws: Aws
) -> None:
    written = [f"line-{number:05d} {'x' * 80}\n" for number in range(20_000)]
    log = tmp_path / "app.log"
    log.write_text("".join(written[:15_000]))
    path = tmp_path / "agent.conf"
    # More than may be in flight: the records cannot wait for the timeout.
    path.write_text(
        CONFIGURATION.format(folder=tmp_path, port=aws.port, bucket="late", timeout="1h")
    )
    with agent(path, environment=ENVIRONMENT) as running:
        running.started.wait_for_log("NoSuchBucket")
        aws.client("s3").create_bucket(
            Bucket="late", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        eventually(lambda: running.records("delivered"), lambda records: records > 5_000)
        running.kill()
    with log.open("a") as file:
        file.write("".join(written[15_000:]))
    with agent(path, environment=ENVIRONMENT) as running:
        eventually(
            lambda: set("".join(objects_of(aws, "late")).splitlines()),
            lambda found: len(found) >= 15_000,
        )
        running.process.terminate()
        running.process.wait(30)
    assert balances(summary(running.started.log))
    assert set("".join(objects_of(aws, "late")).splitlines()) == {line[:-1] for line in written}


def test_records_are_acknowledged_only_once_their_object_is_there(tmp_path: Path, aws: Aws) -> None:
    aws.client("s3").create_bucket(
        Bucket="held", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    (tmp_path / "app.log").write_text("one\n")
    path = tmp_path / "agent.conf"
    path.write_text(
        CONFIGURATION.format(folder=tmp_path, port=aws.port, bucket="held", timeout="1h")
    )
    with agent(path, environment=ENVIRONMENT) as running:
        eventually(lambda: running.records("read"), lambda records: records == 1)
        assert running.records("delivered") == 0
        assert objects_of(aws, "held") == []
        running.process.terminate()
        running.process.wait(30)
    assert objects_of(aws, "held") == ["one\n"]
    assert summary(running.started.log)["delivered"] == 1


def test_the_object_is_json_lines_with_the_time_by_default(aws: Aws, tmp_path: Path) -> None:
    aws.client("s3").create_bucket(
        Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    path = tmp_path / "agent.yaml"
    path.write_text(
        f"""
pipeline:
  inputs:
    - name: dummy
      samples: 1
      dummy: '{{"a":1}}'
  outputs:
    - name: s3
      match: "*"
      bucket: plain
      region: {REGION}
      endpoint: http://127.0.0.1:{aws.port}
      use_put_object: true
      upload_timeout: 100ms
"""
    )
    client = aws.client("s3")
    with agent(path, environment=ENVIRONMENT):
        eventually(
            lambda: client.list_objects_v2(Bucket="plain").get("Contents", []), lambda found: found
        )
    keys = [each["Key"] for each in client.list_objects_v2(Bucket="plain")["Contents"]]
    assert all(key.startswith("fluent-bit-logs/dummy.0/") for key in keys)
    body = b"".join(client.get_object(Bucket="plain", Key=key)["Body"].read() for key in keys)
    assert list(json.loads(body)) == ["date", "a"]


def test_what_filters_leave_does_not_hold_up_what_is_read(tmp_path: Path, aws: Aws) -> None:
    """One line in a hundred is kept: what has been read waits for it all the same."""
    aws.client("s3").create_bucket(
        Bucket="few", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    kept = "".join(f"keep-{number}\n" for number in range(300))
    (tmp_path / "app.log").write_text(
        "".join(f"{line}\n{'x' * 99}\n" + f"{'y' * 99}\n" * 98 for line in kept.splitlines())
    )
    path = tmp_path / "agent.conf"
    text = CONFIGURATION.format(folder=tmp_path, port=aws.port, bucket="few", timeout="1h")
    path.write_text(f"{text}[FILTER]\n    name grep\n    match *\n    regex log ^keep\n")
    with agent(path, environment=ENVIRONMENT) as running:
        eventually(lambda: running.settled("read"), lambda records: records == 300 * 100)
        running.process.terminate()
        running.process.wait(30)
    found = "".join(objects_of(aws, "few")).splitlines()
    assert sorted(found) == sorted(kept.splitlines())
