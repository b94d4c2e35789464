"""What a real OpenSearch refuses: sent again, split, put aside, replayed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.servers.opensearch.node import CONTENT_LIMIT
from tests.sidecars.log_agent.running import agent, summary
from tests.sidecars.log_agent.shipping import (
    configured,
    record,
    replay,
    ship,
    wait_for_settled,
    write,
)
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.opensearch.node import OpenSearch


def test_one_record_in_a_thousand_that_the_mapping_refuses_stands_alone_and_can_be_replayed(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    opensearch.do("PUT", "/strict", {"mappings": {"properties": {"size": {"type": "long"}}}})
    lines = [record(number, size=number) for number in range(1000)]
    lines[617] = record(617, size={"bytes": 617})
    letters = tmp_path / "letters"
    figures = ship(
        configured(tmp_path, opensearch, index="strict"),
        *lines,
        flags=(f"--dead-letter.file={letters}",),
    )
    assert (figures["read"], figures["delivered"], figures["rejected"]) == (1000, 999, 1)
    assert opensearch.count("strict") == 999
    (letter,) = [json.loads(line) for line in letters.read_text().splitlines()]
    assert letter["reason"] == "mapper_parsing_exception"
    assert "failed to parse field [size] of type [long]" in letter["detail"]
    assert letter["record"]["n"] == 617
    assert letter["offset"] == sum(map(len, lines[:617]))

    replay(letters, configured(tmp_path, opensearch, index="lenient"))
    (found,) = opensearch.documents("lenient")
    assert found["_source"]["size"] == {"bytes": 617}
    assert found["_source"]["@timestamp"] == "2026-11-21T10:00:17.123Z"


def test_an_object_that_has_a_name_twice_is_delivered_with_the_last_one(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    lines = [record(number) for number in range(100)]
    lines[40] = lines[40].replace('"n":40', '"n":1,"n":40')
    lines[60] = lines[60].replace('"n":60', '"n":60,"in":{"a":1,"b":2,"a":3}')
    figures = ship(configured(tmp_path, opensearch, index="names"), *lines)
    assert (figures["read"], figures["delivered"], figures["rejected"]) == (100, 100, 0)
    found = {each["_source"]["n"]: each["_source"] for each in opensearch.documents("names")}
    assert sorted(found) == list(range(100))
    assert found[60]["in"] == {"a": 3, "b": 2}


def test_the_words_of_a_refusal_do_not_give_a_secret_away(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    opensearch.do("PUT", "/people", {"mappings": {"properties": {"password": {"type": "long"}}}})
    letters = tmp_path / "letters"
    write(tmp_path, record(1, password="hunter2"))
    flag = f"--dead-letter.file={letters}"
    with agent(configured(tmp_path, opensearch, index="people"), flag) as running:
        wait_for_settled(running, 1)
        running.started.stop()
    letter = json.loads(letters.read_text())
    assert letter["detail"].endswith("failed to parse field [password] of type [long] [redacted]")
    assert letter["record"]["password"] == "[redacted]"
    assert "hunter2" not in letters.read_text() + running.started.log


@pytest.mark.parametrize("block", ["write", "read_only_allow_delete"])
def test_an_index_that_is_blocked_gets_its_records_once_it_is_not(
    tmp_path: Path, opensearch: OpenSearch, block: str
) -> None:
    opensearch.do("PUT", "/blocked")
    opensearch.do("PUT", "/blocked/_settings", {f"index.blocks.{block}": True})
    write(tmp_path, *map(record, range(10)))
    with agent(configured(tmp_path, opensearch, index="blocked")) as running:
        answer = eventually(
            lambda: running.started.get("/-/ready"), lambda found: found.status == 503
        )
        assert "cluster_block_exception" in answer.text
        opensearch.do("PUT", "/blocked/_settings", {f"index.blocks.{block}": None})
        wait_for_settled(running, 10)
        running.started.stop()
    assert opensearch.count("blocked") == 10
    assert summary(running.started.log)["delivered"] == 10


def test_records_for_a_closed_index_are_put_aside_and_can_be_replayed(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    opensearch.do("PUT", "/closed")
    opensearch.do("POST", "/closed/_close")
    letters = tmp_path / "letters"
    configuration = configured(tmp_path, opensearch, index="closed")
    figures = ship(configuration, record(1), flags=(f"--dead-letter.file={letters}",))
    assert figures["rejected"] == 1
    assert json.loads(letters.read_text())["reason"] == "index_closed_exception"
    opensearch.do("POST", "/closed/_open")
    replay(letters, configuration)
    assert opensearch.count("closed") == 1


@pytest.mark.parametrize("compress", ["", "gzip"])
def test_a_request_that_is_too_large_is_split_until_what_is_too_large_stands_alone(
    tmp_path: Path, opensearch: OpenSearch, compress: str
) -> None:
    more = {"compress": compress} if compress else {}
    letters = tmp_path / "letters"
    large = "x" * (CONTENT_LIMIT + 100_000)
    lines = [*map(record, range(9000)), record(9000, text=large), record(9001)]
    figures = ship(
        configured(tmp_path, opensearch, index="large", **more),
        *lines,
        flags=(f"--dead-letter.file={letters}",),
    )
    assert (figures["delivered"], figures["rejected"]) == (9001, 1)
    assert opensearch.count("large") == 9001
    letter = json.loads(letters.read_text())
    assert (letter["reason"], letter["record"]["n"]) == ("too_large", 9000)


def test_a_server_that_is_short_of_memory_gets_its_records_once_it_is_not(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    limit = "network.breaker.inflight_requests.limit"
    opensearch.do("PUT", "/_cluster/settings", {"transient": {limit: "2kb"}})
    write(tmp_path, *map(record, range(100)))
    with agent(configured(tmp_path, opensearch, index="breaker")) as running:
        answer = eventually(
            lambda: running.started.get("/-/ready"), lambda found: found.status == 503
        )
        assert "circuit_breaking_exception" in answer.text
        opensearch.do("PUT", "/_cluster/settings", {"transient": {limit: None}})
        wait_for_settled(running, 100)
        running.started.stop()
    assert opensearch.count("breaker") == 100


def test_records_that_a_full_queue_refuses_are_sent_again_and_the_others_are_not(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    # Ten parts of one request, for a queue of one.
    opensearch.do("PUT", "/queue", {"settings": {"number_of_shards": 10}})
    write(tmp_path, *map(record, range(2000)))
    with agent(configured(tmp_path, opensearch, index="queue")) as running:
        wait_for_settled(running, 2000)
        scrape = running.started.scrape()
        running.started.stop()
    assert scrape.value("pillion_log_agent_output_retries_total", output="opensearch.0") > 0
    assert opensearch.count("queue") == 2000
    # None of them was sent a second time after it was taken.
    assert opensearch.failures("queue") == 0


@pytest.mark.parametrize(
    ("index", "reason"),
    [("Capital", "invalid_index_name_exception"), ("missing", "index_not_found_exception")],
)
def test_records_for_an_index_that_cannot_be_are_put_aside(
    tmp_path: Path, opensearch: OpenSearch, index: str, reason: str
) -> None:
    setting = {"action.auto_create_index": "-missing,+*"}
    opensearch.do("PUT", "/_cluster/settings", {"transient": setting})
    letters = tmp_path / "letters"
    configuration = configured(tmp_path, opensearch, index=index)
    ship(configuration, record(1), flags=(f"--dead-letter.file={letters}",))
    assert json.loads(letters.read_text())["reason"] == reason


def test_an_id_that_is_too_long_costs_its_own_record_only(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    letters = tmp_path / "letters"
    figures = ship(
        configured(tmp_path, opensearch, index="named", id_key="name"),
        *(record(number, name=f"r{number}" * (300 if number == 5 else 1)) for number in range(9)),
        flags=(f"--dead-letter.file={letters}",),
    )
    assert (figures["delivered"], figures["rejected"]) == (8, 1)
    letter = json.loads(letters.read_text())
    assert letter["reason"] == "action_request_validation_exception"
    assert "is too long" in letter["detail"]
    assert opensearch.count("named") == 8


def test_an_update_of_what_is_not_there_is_put_aside(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    opensearch.do("PUT", "/users")
    configuration = configured(
        tmp_path, opensearch, index="users", id_key="user", write_operation="update"
    )
    letters = tmp_path / "letters"
    ship(configuration, record(1, user="u1"), flags=(f"--dead-letter.file={letters}",))
    assert json.loads(letters.read_text())["reason"] == "document_missing_exception"
