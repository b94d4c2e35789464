"""The filter redact: what it finds, what it leaves, and that nothing of it is shown anywhere."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillion.errors import ConfigurationError
from pillion.settings import parse
from pillion_log_agent.command import COMMAND
from pillion_log_agent.filters.redact.filter import RedactFilter
from pillion_log_agent.filters.redact.finding import DETECTORS
from pillion_log_agent.filters.redact.properties import OWN
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.column import Texts, Values
from pillion_log_agent.records.columns import Columns
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import Wire
from pillion_log_agent.settings import AgentSettings
from pillion_log_agent.show import show
from tests.sidecars.log_agent.redaction_corpus import Corpus, Line, measure, ratio
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.test_filters import applied, batch, made
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

CARD = "4111111111111111"
MAIL = "ann@example.com"


def redact(*entries: tuple[str, str]) -> RedactFilter:
    found = made("redact", *entries)
    assert isinstance(found, RedactFilter)
    return found


def after(text: str, *entries: tuple[str, str]) -> Any:
    (record,) = applied(redact(*entries), {"log": text})
    return record["log"]


@pytest.fixture(scope="module")
def corpus() -> list[Line]:
    return Corpus().lines()


def test_precision_and_recall_on_the_corpus(corpus: list[Line]) -> None:
    assert len(corpus) >= 3000
    figures = measure(corpus)
    for detector, each in figures.items():
        assert ratio(each["tp"], each["tp"] + each["fp"]) >= 0.97, detector
        assert ratio(each["tp"], each["tp"] + each["fn"]) >= 0.95, detector
    total = {kind: sum(each[kind] for each in figures.values()) for kind in ("tp", "fp", "fn")}
    assert ratio(total["tp"], total["tp"] + total["fp"]) >= 0.99
    assert ratio(total["tp"], total["tp"] + total["fn"]) >= 0.99


def test_a_block_of_lines_is_redacted_as_each_of_them_alone(corpus: list[Line]) -> None:
    records = [{"log": line.text, "n": number} for number, line in enumerate(corpus[:500])]
    one = redact()
    alone = [applied(one, record)[0] for record in records]
    assert applied(redact(), *records) == alone


def test_what_was_redacted_has_nothing_more_to_redact(corpus: list[Line]) -> None:
    records = [{"log": line.text} for line in corpus]
    for entries in ([], [("action", "hash"), ("hash_key", "k" * 16)]):
        once = applied(redact(*entries), *records)
        again = redact(*entries)
        assert applied(again, *once) == once
        assert not any(again.replacement.counts.values())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"<{MAIL}>, x@y", "<[email]>, x@y"),
        ("user=bob@a.co.kr&n=1", "user=[email]&n=1"),
        ("4111 1111 1111 1111 12/27", "[card] 12/27"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("pay 371449635398431.", "pay [card]."),
        ("+82 10-1234-5678, 01012345678", "[phone], [phone]"),
        ("phone: 5551234567, id 5551234567", "phone: [phone], id 5551234567"),
        ("900101-1234567 079-05-1120", "[national_id] [national_id]"),
        ("DE89 3704 0044 0532 0130 00 OK", "[iban] OK"),
        ("DE88370400440532013000", "DE88370400440532013000"),
        ("at 2001:db8::17: refused, ::1, std::vector", "at [ip]: refused, ::1, std::vector"),
        ("10.1.2.3:80 127.0.0.1 Chrome/120.1.2.3", "[ip]:80 127.0.0.1 Chrome/120.1.2.3"),
        ("Bearer " + "a" * 20, "Bearer [bearer]"),
        ("redis://u:hunter2@h/0", "redis://u:[password]@h/0"),
        ("전화 010-1234-5678입니다", "전화 [phone]입니다"),
    ],
)
def test_what_is_found_in_a_text(text: str, masked: str) -> None:
    assert after(text) == masked


def test_a_private_key_is_found_over_lines_of_one_record_and_no_farther() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----"
    assert after(f"a\n{key}\nb") == "a\n[private_key]\nb"
    records = [{"log": "-----BEGIN PRIVATE KEY-----"}, {"log": "abc"}]
    assert [each["log"] for each in applied(redact(), *records)] == ["[private_key]", "abc"]


def test_every_value_is_looked_at_but_for_names_and_what_kubernetes_says() -> None:
    record = {
        "a": {"b": [MAIL, {"c": int(CARD)}]},
        MAIL: True,
        "n": 200,
        "kubernetes": {"ip": "10.1.2.3"},
        "phone": "5551234567",
    }
    assert applied(redact(), record) == [
        {
            "a": {"b": ["[email]", {"c": "[card]"}]},
            MAIL: True,
            "n": 200,
            "kubernetes": {"ip": "10.1.2.3"},
            "phone": "[phone]",
        }
    ]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([("keep", "a,$k['x']")], {"a": MAIL, "k": {"x": MAIL, "y": "[email]"}, "l": "[email]"}),
        ([("search", "a,$k['x']")], {"a": "[email]", "k": {"x": "[email]", "y": MAIL}, "l": MAIL}),
        (
            [("search", "k"), ("keep", "$k['x']")],
            {"a": MAIL, "k": {"x": MAIL, "y": "[email]"}, "l": MAIL},
        ),
    ],
)
def test_fields_are_kept_or_searched(entries: list[tuple[str, str]], found: dict[str, Any]) -> None:
    record = {"a": MAIL, "k": {"x": MAIL, "y": MAIL}, "l": MAIL}
    assert applied(redact(*entries), record) == [found]


def columns() -> Columns:
    return Columns(
        3,
        fields={
            "log": Texts([f"a {MAIL}", "b", f"c {MAIL}"], end="\n"),
            "v": Values([int(CARD), None, [MAIL]]),
        },
        tail=[Wire(f',"m":"{MAIL}"'), Wire(""), Wire(',"m":"x"')],
        common={"host": "10.1.2.3", "kubernetes": {"pod": MAIL}},
        odd={1: {"odd": MAIL}},
    )


def test_columns_are_changed_as_records_are() -> None:
    times = Timestamps([1, 2, 3])
    origin = Origin("tail.0", "/a", "id")
    as_columns = Batch("t", origin, times, columns=columns(), offsets=[0, 1, 2])
    as_records = Batch("t", origin, times, records=columns().records(), offsets=[0, 1, 2])
    found = redact().apply(as_columns).records()
    assert found == redact().apply(as_records).records()
    assert found[0] == {
        "log": "a [email]\n", "v": "[card]", "m": "[email]", "host": "[ip]",
        "kubernetes": {"pod": MAIL},
    }  # fmt: skip
    assert found[1] == {"odd": "[email]"}


def test_what_is_read_after_a_change_is_what_was_put_there() -> None:
    made_batch = batch({"log": MAIL, "x": "y"}, {"log": "n", "x": MAIL})
    assert made_batch.values("log") == [[MAIL, "n"]]
    redact().apply(made_batch)
    assert made_batch.values("log", "x") == [["[email]", "n"], ["y", "[email]"]]
    assert made_batch.offsets == [
        0,
        len(json.dumps({"log": MAIL, "x": "y"}, separators=(",", ":"))) + 1,
    ]


def test_a_hash_is_the_same_for_the_same_text_and_another_with_another_key() -> None:
    first, second = ([("action", "hash"), ("hash_key", key * 16)] for key in "ab")
    one = after(MAIL, *first)
    assert re.fullmatch(r"\[email:[a-p]{16}\]", one)
    assert after(f"{MAIL} {MAIL}", *first) == f"{one} {one}"
    assert after(MAIL, *second) != one


def test_what_is_found_may_be_removed_or_masked_otherwise() -> None:
    assert after(f"a {MAIL} b", ("action", "remove")) == "a  b"
    assert after(f"a {MAIL} b", ("mask", "***")) == "a *** b"


def test_patterns_of_ones_own_come_first_and_are_counted() -> None:
    own = redact(
        ("detect", "email"), ("pattern", r"customer C-\d{4,8}"), ("pattern", r"order no \d+")
    )
    assert applied(own, {"log": f"C-12345678 no 99 {MAIL} {CARD}"}) == [
        {"log": f"[customer] [order] [email] {CARD}"}
    ]
    assert own.replacement.counts == {"email": 1, "customer": 1, "order": 1}
    (metric,) = own.collect()
    assert {
        each.labels["detector"]: each.value for each in metric.samples
    } == own.replacement.counts


def test_a_pattern_that_re2_runs_is_found_too() -> None:
    slow = ("pattern", r"name (?:[a-z]+ ?)+X")
    assert OWN.parse(slow[1]).pattern.engine == "RE2"
    own = redact(("detect", "none"), slow)
    assert applied(own, {"log": "1 a b cX 2 dX"}) == [{"log": "1 [name] 2 [name]"}]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("detect", "emial")], "emial"),
        ([("action", "hash")], "needs either hash_key or hash_key_file"),
        ([("action", "hash"), ("hash_key", "short")], "needs 16 at least"),
        ([("hash_key", "k" * 16)], "action hash only"),
        ([("action", "hash"), ("hash_key_file", "/nonexistent")], "cannot be read"),
        ([("pattern", "email x")], "is that of a detector"),
        ([("pattern", "own (")], "own"),
        ([("mask", "a\nb")], "one line"),
        ([("pattern", r"own (?<q>['\"])(?<a>.*?)\k<q>")], "linear"),
    ],
)
def test_what_cannot_be_is_refused(entries: list[tuple[str, str]], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        redact(*entries)


HOSTILE = (
    "@", "a@", "a.", "1", "1 ", "1-", "1.", "(+1", "::", ":a", "A1", "AB12 ", "eyJ", "eyJaaaaaaaa.",
    "AKIA", "ghp_", "xoxb-", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "Bearer ", "://a:", "password=",
    "uthorization: Basic ", "4111 1111 1111 1111 ", "1.2.3.4", "\x1c\n", "\x1c\x1d\x1e\x1f\n",
)  # fmt: skip


def test_the_time_grows_with_the_length_and_no_faster() -> None:
    def cost(text: str) -> float:
        began = time.process_time()
        after(text)
        return time.process_time() - began

    for part in HOSTILE:
        short, long = (part * (size // len(part)) for size in (10_000, 80_000))
        # Eight times the length: quadratic would be 64 times.
        assert cost(long) < 30 * max(min(cost(short) for _ in range(2)), 0.002), part


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(
            st.sampled_from([*'a1 @.:-+(\n\x1c\x1d\x1e\x1f"\\', MAIL, CARD, "é", "\ud800"]),
            max_size=30,
        ).map("".join)
    )
)
def test_no_text_is_lost_or_mixed_with_another(texts: list[str]) -> None:
    records: list[dict[str, Any]] = [{"log": text, "n": n} for n, text in enumerate(texts)]
    filtered = redact()
    found = filtered.apply(
        Batch("t", Origin("i", "p", "d"), Timestamps([0] * len(texts)), records=records,
              offsets=list(range(len(texts))))
    ).records()  # fmt: skip
    assert [each["n"] for each in found] == list(range(len(texts)))
    for text, each in zip(texts, found, strict=True):
        assert each["log"].count("\n") == text.count("\n")
        # Beside a letter or digit it may be part of another word, which is no address.
        assert f" {MAIL} " not in f" {each['log']} "


CONFIGURATION = """
[SERVICE]
    flush 0.05
[INPUT]
    name tail
    path {folder}/app.log
    read_from_head on
[FILTER]
    name redact
    match *
[OUTPUT]
    name stdout
    match *
    format json_lines
"""


def test_the_agent_shows_what_was_found_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    (tmp_path / "app.log").write_text(f"{MAIL} paid\nnothing\n{CARD}\n")
    with agent(path, "--log.level=debug") as running:
        eventually(lambda: len(running.whole_lines()), lambda count: count == 3)
        assert [line["log"] for line in running.whole_lines()] == [
            "[email] paid",
            "nothing",
            "[card]",
        ]
        scrape = running.started.scrape()
        for detector in DETECTORS:
            count = scrape.value(
                "pillion_log_agent_redacted_total", filter="redact.0", detector=detector
            )
            assert count == (detector in ("email", "card"))
        log = running.started.log
    assert MAIL not in log
    assert CARD not in log


def test_explain_shows_what_would_be_touched_in_a_sample(tmp_path: Path) -> None:
    path, sample = tmp_path / "agent.conf", tmp_path / "sample.log"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    sample.write_text(f'{{"user":"{MAIL}","n":1}}\nnothing\nfrom 10.1.2.3\n')
    arguments = ["--config.explain", f"--config.file={path}", f"--config.sample={sample}"]
    shown = show(parse(COMMAND, arguments, {})[AgentSettings], {})
    assert f"{sample}: 2 of 3 records; email 1, ip 1" in shown
    assert f'{sample}:1: {{"user":"[email]","n":1}}' in shown
    assert MAIL not in shown
