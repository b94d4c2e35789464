"""The loopback sink answers as a real OpenSearch does, field by field."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.bulk_sink import Sink, bulk_sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.opensearch.node import OpenSearch

FILTER = "filter_path=took,errors,items.*.status,items.*.error"
TEXTS = frozenset({"took", "reason", "index_uuid", "bytes"})
"""What differs from server to server, and is compared by its kind alone."""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with bulk_sink() as running:
        yield running


def ask(sink: Sink, path: str, body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{sink.port}{path}", body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def body(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def shape(value: Any) -> Any:
    """Return an answer with the kind of what differs from server to server, and all else as it is."""
    if isinstance(value, list):
        return [shape(each) for each in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {
        key: type(each).__name__ if key in TEXTS else shape(each) for key, each in value.items()
    }
    if len(found.get("_id", "")) > 2:  # one that the server has made
        found["_id"] = "made"
    # Which parser complains depends on the server.
    if "caused_by" in found:
        found["caused_by"]["type"] = "str"
    return found


ROWS = {
    "created": body({"create": {"_index": "a", "_id": "1"}}, {"n": 1}),
    "created without an id": body({"create": {"_index": "a"}}, {"n": 1}),
    "there already": body(*[{"create": {"_index": "a", "_id": "2"}}, {"n": 1}] * 2),
    "replaced": body(*[{"index": {"_index": "a", "_id": "3"}}, {"n": 1}] * 2),
    "merged": body(
        *({"index": {"_index": "a", "_id": "4"}}, {"n": 1}),
        *({"update": {"_index": "a", "_id": "4"}}, {"doc": {"n": 2}}),
        *({"update": {"_index": "a", "_id": "4"}}, {"doc": {"n": 2}}),
        *({"update": {"_index": "a", "_id": "5"}}, {"doc": {"n": 2}, "doc_as_upsert": True}),
    ),
    "nothing to merge with": body({"update": {"_index": "a", "_id": "6"}}, {"doc": {"n": 2}}),
    "one of three refused": body(
        *({"create": {"_index": "a", "_id": "8"}}, {"n": 1}),
        *({"create": {"_index": "a", "_id": "9"}}, {"refuse_me": {"n": 1}}),
        *({"create": {"_index": "a", "_id": "10"}}, {"n": 1}),
    ),
    "no JSON": b'{"create":{"_index":"a","_id":"11"}}\nno JSON\n',
    "a wrong index": body({"create": {"_index": "A", "_id": "1"}}, {"n": 1}),
    "an empty id": body({"create": {"_index": "a", "_id": ""}}, {"n": 1}),
    "an id that is too long": body({"create": {"_index": "a", "_id": "x" * 513}}, {"n": 1}),
    "a type": body({"create": {"_index": "a", "_type": "_doc"}}, {"n": 1}),
    "an action that is no JSON": b"no JSON\n{}\n",
    "no newline at the end": b'{"create":{"_index":"a","_id":"12"}}\n{"n":1}',
    "nothing": b"",
}


def prepare(node: OpenSearch) -> None:
    mappings = {"properties": {"refuse_me": {"type": "long"}, "n": {"type": "long"}}}
    node.do("PUT", "/a", {"mappings": mappings})


@pytest.mark.parametrize("path", ["/_bulk", f"/_bulk?{FILTER}"])
def test_each_answer_has_the_fields_and_values_of_the_real_one(
    opensearch: OpenSearch, path: str
) -> None:
    prepare(opensearch)
    with bulk_sink() as sink:
        for name, rows in ROWS.items():
            expected = opensearch.bulk(rows, path)
            status, answer = ask(sink, path, rows)
            assert (name, status, shape(answer)) == (name, expected[0], shape(expected[1]))


def test_an_index_in_the_path_is_that_of_actions_without_one(
    opensearch: OpenSearch, sink: Sink
) -> None:
    prepare(opensearch)
    rows = body({"create": {"_id": "1"}}, {"n": 1}, {"create": {"_index": "a", "_id": "2"}}, {})
    expected = opensearch.bulk(rows, "/a/_bulk")
    status, answer = ask(sink, "/a/_bulk", rows)
    assert (status, shape(answer)) == (expected[0], shape(expected[1]))


def test_records_that_a_full_queue_refuses_have_the_shape_of_the_real_ones(
    opensearch: OpenSearch, sink: Sink
) -> None:
    opensearch.do("PUT", "/q", {"settings": {"number_of_shards": 10}})
    rows = body(
        *(row for n in range(500) for row in ({"create": {"_index": "q", "_id": str(n)}}, {"n": n}))
    )
    _, real = opensearch.bulk(rows)
    sink.fail({"kind": "items", "status": 429})
    _, ours = ask(sink, "/_bulk", rows)
    refused = next(item["create"] for item in real["items"] if item["create"]["status"] == 429)
    (ours, *_) = (item["create"] for item in ours["items"])
    # Elasticsearch has es_ before the name.
    assert ours["error"]["type"] == f"es_{refused['error']['type']}"
    assert {key: type(each) for key, each in ours.items()} == {
        key: type(each) for key, each in refused.items()
    }
    assert set(ours["error"]) == set(refused["error"])


def test_a_request_that_is_refused_whole_has_the_shape_of_the_real_one(
    opensearch: OpenSearch, sink: Sink
) -> None:
    limit = "network.breaker.inflight_requests.limit"
    opensearch.do("PUT", "/_cluster/settings", {"transient": {limit: "2kb"}})
    rows = body({"create": {"_index": "a"}}, {"text": "x" * 5000})
    status, real = opensearch.bulk(rows)
    assert status == 429
    sink.fail({"kind": "status", "status": 429})
    status, ours = ask(sink, "/_bulk", rows)
    assert status == 429
    assert set(ours) == set(real)
    assert set(ours["error"]) <= set(real["error"])
