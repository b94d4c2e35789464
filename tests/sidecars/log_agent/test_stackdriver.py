"""The outputs stackdriver and google_cloud, before a stand-in for Google Cloud Logging.

It is written from Google's documentation of entries.write, LogEntry and OAuth 2.0 for service
accounts: it verifies the claim's signature, and refuses entries that the API refuses.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pillion.errors import ConfigurationError, TransientError
from tests.servers.http_sink import http_sink
from tests.servers.metadata_service import metadata
from tests.sidecars.log_agent.made_outputs import made_output
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_outputs import batch
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pillion_log_agent.outputs.output import Outcome, Output
    from pillion_log_agent.records.batch import Batch
    from tests.servers.http_sink import HttpSink, Posted
    from tests.servers.metadata_service import Answer

PREFIX = "logging.googleapis.com/"
SEVERITIES = [
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
]
LABELS = {
    "global": {"project_id"},
    "gce_instance": {"project_id", "zone", "instance_id"},
    "generic_task": {"project_id", "location", "namespace", "job", "task_id"},
    "k8s_container": {
        "project_id", "location", "cluster_name", "namespace_name", "pod_name", "container_name",
    },
    "k8s_pod": {"project_id", "location", "cluster_name", "namespace_name", "pod_name"},
    "k8s_node": {"project_id", "location", "cluster_name", "node_name"},
}  # fmt: skip
CLUSTER = {"k8s_cluster_name": "main", "k8s_cluster_location": "eu"}


class Logging:
    """The API, and who gives tokens."""

    def __init__(self, sink: HttpSink, key: rsa.RSAPrivateKey) -> None:
        self.sink = sink
        self.key = key
        self.entries: list[dict[str, Any]] = []
        self.token = "token-1"
        self.tokens = 0
        self.faults: list[tuple[int, bytes]] = []
        sink.answer = self.answer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.sink.port}"

    def answer(self, posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
        if posted.path == "/token":
            self.tokens += 1
            return self.grant(parse_qs(posted.body.decode()))
        assert posted.path == "/v2/entries:write"
        if posted.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, b'{"error": {"code": 401, "message": "bad token"}}'
        if self.faults:
            status, body = self.faults.pop(0)
            return status, {"Retry-After": "3"}, body
        given = json.loads(posted.body)
        assert given["partialSuccess"] is True
        errors = {}
        for number, entry in enumerate(given["entries"]):
            wrong = fault(entry)
            if wrong is None:
                self.entries.append(entry)
            else:
                errors[str(number)] = {"code": 3, "message": wrong}
        if not errors:
            return 200, {}, b"{}"
        detail = {
            "@type": "type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors",
            "logEntryErrors": errors,
        }
        error = {"code": 400, "message": "some", "status": "X", "details": [detail]}
        return 400, {}, json.dumps({"error": error}).encode()

    def grant(self, form: dict[str, list[str]]) -> tuple[int, Mapping[str, str], bytes]:
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        told, _, signature = form["assertion"][0].rpartition(".")
        self.key.public_key().verify(
            decoded(signature), told.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        claim = json.loads(decoded(told.partition(".")[2]))
        is_good = (
            claim["iss"] == "me@example"
            and claim["aud"] == f"{self.address}/token"
            and claim["exp"] - claim["iat"] <= 3600
            and claim["scope"].endswith("logging.write")
        )
        if not is_good:
            return 400, {}, b'{"error": "invalid_grant", "error_description": "bad claim"}'
        return 200, {}, json.dumps({"access_token": self.token, "expires_in": 3599}).encode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fault(entry: dict[str, Any]) -> str | None:
    """Return what the API says against an entry."""
    if not re.fullmatch(r"projects/[a-z0-9-]+/logs/[A-Za-z0-9/_.%-]{1,511}", entry["logName"]):
        return "log name"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", entry["timestamp"]):
        return "timestamp"
    resource = entry["resource"]
    if set(resource["labels"]) != LABELS.get(resource["type"], set(resource["labels"])):
        return "resource labels"
    strings = [*resource["labels"].values(), *entry.get("labels", {}).values(), entry["insertId"]]
    if not all(isinstance(each, str) for each in strings):
        return "labels are strings"
    if entry.get("severity", "INFO") not in SEVERITIES:
        return "severity"
    if ("jsonPayload" in entry) == ("textPayload" in entry):
        return "one payload"
    if "poison" in json.dumps(entry):
        return "poison"
    return None


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def logging(key: rsa.RSAPrivateKey) -> Iterator[Logging]:
    with http_sink() as running:
        yield Logging(running, key)


@pytest.fixture
def credentials(tmp_path: Path, logging: Logging) -> Path:
    path = tmp_path / "key.json"
    pem = logging.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "my-project",
                "private_key_id": "1",
                "private_key": pem.decode(),
                "client_email": "me@example",
                "token_uri": f"{logging.address}/token",
            }
        )
    )
    return path


def made(logging: Logging, credentials: Path | None, **properties: str) -> Output:
    given = {"cloud_logging_base_url": logging.address}
    if credentials is not None:
        given["google_service_credentials"] = str(credentials)
    return made_output("stackdriver", *(given | properties).items())


async def write(
    logging: Logging, credentials: Path, given: list[Batch], **properties: str
) -> Outcome:
    output = made(logging, credentials, **properties)
    try:
        return await output.write(given)
    finally:
        await output.close()


async def test_a_record_is_an_entry_with_the_fields_that_google_knows(
    logging: Logging, credentials: Path
) -> None:
    record = {
        "log": "hi",
        f"{PREFIX}severity": "warn",
        f"{PREFIX}labels": {"a": 1},
        f"{PREFIX}trace": "abc",
        f"{PREFIX}spanId": "0001",
        f"{PREFIX}traceSampled": True,
        f"{PREFIX}insertId": "own",
        f"{PREFIX}operation": {"id": "1", "first": True, "other": 1},
        f"{PREFIX}sourceLocation": {"file": "a.py", "line": 7},
        f"{PREFIX}http_request": {
            "requestMethod": "GET",
            "status": "200",
            "responseSize": 5,
            "latency": " 0.5 s",
            "wrong": 1,
        },
    }
    outcome = await write(
        logging,
        credentials,
        [batch(record, tag="a/b.c")],
        labels="env=prod,what=$log,none=$nothing",
        autoformat_stackdriver_trace="on",
        compress="gzip",
    )
    assert not outcome.rejected
    assert logging.entries == [
        {
            "resource": {"type": "global", "labels": {"project_id": "my-project"}},
            "timestamp": "2026-11-21T10:00:00.123456789Z",
            "insertId": "own",
            "severity": "WARNING",
            "labels": {"a": "1", "env": "prod", "what": "hi"},
            "trace": "projects/my-project/traces/abc",
            "spanId": "0001",
            "traceSampled": True,
            "httpRequest": {
                "requestMethod": "GET",
                "status": 200,
                "responseSize": "5",
                "latency": "0.5s",
            },
            "operation": {"id": "1", "first": True},
            "sourceLocation": {"file": "a.py", "line": "7"},
            "logName": "projects/my-project/logs/a%2Fb.c",
            "jsonPayload": {"log": "hi"},
        }
    ]


CONTAINER_TAG = f"k8s_container.var.log.containers.web-1_shop_nginx-{'a' * 64}.log"


@pytest.mark.parametrize(
    ("properties", "tag", "record", "labels"),
    [
        (
            {"resource": "k8s_container", "tag_prefix": "k8s_container.var.log.containers."},
            CONTAINER_TAG,
            {},
            {"namespace_name": "shop", "pod_name": "web-1", "container_name": "nginx"},
        ),
        (
            {"resource": "k8s_container"},
            "other",
            {f"{PREFIX}local_resource_id": "k8s_container.shop.web-1.nginx"},
            {"namespace_name": "shop", "pod_name": "web-1", "container_name": "nginx"},
        ),
        (
            {"resource": "k8s_pod"},
            "other",
            {f"{PREFIX}local_resource_id": "k8s_pod.shop.web-1"},
            {"namespace_name": "shop", "pod_name": "web-1"},
        ),
        (
            {"resource": "k8s_node"},
            "other",
            {f"{PREFIX}monitored_resource": {"labels": {"node_name": "n-1"}}},
            {"node_name": "n-1"},
        ),
        (
            {
                "resource": "k8s_container",
                "custom_k8s_regex": "(?<pod_name>p)_(?<namespace_name>n)",
            },
            "p_n",
            {},
            {"namespace_name": "n", "pod_name": "p", "container_name": ""},
        ),
    ],
)
async def test_the_resource_of_kubernetes_is_in_the_tag_or_the_record(
    logging: Logging,
    credentials: Path,
    *,
    properties: dict[str, str],
    tag: str,
    record: dict[str, Any],
    labels: dict[str, str],
) -> None:
    given = [batch({"log": "x", "stream": "stderr"} | record, tag=tag)]
    outcome = await write(logging, credentials, given, **(CLUSTER | properties))
    assert not outcome.rejected
    (entry,) = logging.entries
    common = {"project_id": "my-project", "location": "eu", "cluster_name": "main"}
    assert entry["resource"]["labels"] == common | labels
    assert entry["logName"].endswith("/logs/stderr")
    assert entry["jsonPayload"] == {"log": "x", "stream": "stderr"}


async def test_labels_of_the_resource_may_be_given_and_the_payload_be_text(
    logging: Logging, credentials: Path
) -> None:
    await write(
        logging,
        credentials,
        [batch({"log": "text", "k": {"job": "j"}})],
        resource="generic_task",
        resource_labels="location=eu,namespace=n,job=$k['job'],task_id=1",
        text_payload_key="log",
    )
    (entry,) = logging.entries
    assert entry["resource"]["labels"]["job"] == "j"
    assert entry["textPayload"] == "text"


async def test_only_the_entries_that_are_refused_are_put_aside(
    logging: Logging, credentials: Path
) -> None:
    given = [batch({"n": 0}, {"n": "poison"}), batch({"n": 2})]
    outcome = await write(logging, credentials, given)
    ((rejection),) = outcome.rejected
    assert (rejection.batch, rejection.index, rejection.reason) == (0, 1, "code_3")
    assert rejection.detail == "poison"
    assert [entry["jsonPayload"]["n"] for entry in logging.entries] == [0, 2]


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
async def test_what_may_be_better_later_is_sent_again(
    logging: Logging, credentials: Path, status: int
) -> None:
    logging.faults = [(status, b'{"error": {"message": "why"}}')]
    with pytest.raises(TransientError, match=f"answered {status}: why") as raised:
        await write(logging, credentials, [batch({"n": 0})])
    assert raised.value.after == 3.0


async def test_a_token_is_used_again_and_another_fetched_when_it_is_refused(
    logging: Logging, credentials: Path
) -> None:
    output = made(logging, credentials)
    for _ in range(3):
        await output.write([batch({"n": 0})])
    assert logging.tokens == 1
    logging.token = "token-2"
    with pytest.raises(TransientError, match="bad token"):
        await output.write([batch({"n": 1})])
    await output.write([batch({"n": 1})])
    await output.close()
    assert logging.tokens == 2


def instance(_method: str, path: str, headers: Any) -> Answer:
    if headers["Metadata-Flavor"] != "Google":
        return 403, ""
    said = {
        "project/project-id": "of-metadata",
        "instance/zone": "projects/1/zones/eu-b",
        "instance/id": "42",
        "instance/service-accounts/default/token": '{"access_token":"token-1","expires_in":999}',
    }
    found = said.get(path.removeprefix("/computeMetadata/v1/"))
    return (200, found) if found else (404, "")


async def test_without_a_key_the_metadata_server_gives_the_token_and_the_machine(
    logging: Logging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with metadata(instance) as address:
        output = made(logging, None, metadata_server=address, resource="gce_instance")
        await output.write([batch({"n": 0})])
        await output.close()
    (entry,) = logging.entries
    assert entry["resource"]["labels"] == {
        "project_id": "of-metadata",
        "zone": "eu-b",
        "instance_id": "42",
    }


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"resource": "k8s_pod"}, "k8s_cluster_name is missing; the resource k8s_pod needs it"),
        ({"resource": "generic_task", "location": "a"}, "namespace is missing"),
        ({"labels": "a"}, "is not a list of labels"),
        ({"google_service_credentials": "/no/key"}, "/no/key cannot be read: No such file"),
        (
            {"google_service_credentials": "/dev/null"},
            "/dev/null is not the key of a service account",
        ),
        ({"cloud_logging_base_url": "here"}, "is not an address"),
        ({"metadata_server": "https://a"}, "is not an address"),
    ],
)
def test_what_cannot_work_is_refused(properties: dict[str, str], sentence: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=sentence):
        made_output("stackdriver", *properties.items())


def test_a_key_that_is_none_is_refused_and_not_shown(credentials: Path) -> None:
    found = json.loads(credentials.read_text()) | {"private_key": "c2VjcmV0"}
    credentials.write_text(json.dumps(found))
    with pytest.raises(ConfigurationError, match="private_key is not a PEM key") as raised:
        made_output("stackdriver", ("google_service_credentials", str(credentials)))
    assert "c2VjcmV0" not in str(raised.value)


def test_the_agent_delivers_every_line_through_an_outage(
    tmp_path: Path, logging: Logging, credentials: Path
) -> None:
    (tmp_path / "app.log").write_text("".join(f"line-{number}\n" for number in range(300)))
    logging.faults = [(503, b""), (429, b"")]
    path = tmp_path / "agent.conf"
    path.write_text(
        f"""
[SERVICE]
    flush 0.05
    scheduler.base 0.05
    scheduler.cap 0.1
[INPUT]
    name tail
    path {tmp_path}/app.log
    read_from_head on
[OUTPUT]
    name stackdriver
    match *
    cloud_logging_base_url {logging.address}
"""
    )
    environment = {"GOOGLE_APPLICATION_CREDENTIALS": str(credentials)}
    with agent(path, environment=environment) as running:
        eventually(lambda: running.records("delivered"), lambda records: records == 300)
        running.process.terminate()
        running.process.wait(30)
    assert balances(summary(running.started.log))
    assert len({entry["insertId"] for entry in logging.entries}) == 300


def test_google_cloud_writes_entries_where_there_is_a_key(
    credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
    assert type(made_output("google_cloud")).__name__ == "StackdriverOutput"
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    assert type(made_output("google_cloud")).__name__ == "GoogleCloudOutput"
