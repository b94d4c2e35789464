"""The filter rewrite_tag: by itself, and in an agent that routes by the new tags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.filters.rewrite_tag import RewriteTagFilter
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.test_filters import batch, made
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from pillion_log_agent.filters.filter import Retagged


def retagged(rule: str, *records: dict[str, Any], tag: str = "a.b.c") -> Retagged:
    found = made("rewrite_tag", ("Rule", rule))
    assert isinstance(found, RewriteTagFilter)
    given = batch(*records)
    given.tag = tag
    return found.retag(given)


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        ("new", "new"),
        ("from.$TAG.new.$tool['name'].$1", "from.a.b.c.new.pill.abc"),
        ("$TAG[1].$0", "b.abc-123"),
        ("$2-$TAG[9]$9$none.x", "123-.x"),
    ],
)
def test_the_new_tag_is_made_of_the_old_one_the_match_and_fields(template: str, tag: str) -> None:
    record = {"name": "abc-123", "tool": {"name": "pill"}}
    found = retagged(f"$name ^([a-z]+)-([0-9]+)$ {template} false", record)
    assert len(found.rest) == 0
    assert [each.tag for each in found.moved] == [tag]
    assert found.moved[0].records() == [record]


def test_what_no_rule_fits_goes_on_and_one_batch_is_made_for_each_new_tag() -> None:
    records: list[dict[str, Any]] = [{"k": "a"}, {"k": 5}, {"k": "b"}, {"k": "a"}, {"x": 1}]
    found = retagged("$k ^(a|b)$ t.$1 false", *records)
    assert found.rest.records() == [{"k": 5}, {"x": 1}]
    assert {each.tag: each.records() for each in found.moved} == {
        "t.a": [{"k": "a"}, {"k": "a"}],
        "t.b": [{"k": "b"}],
    }
    assert found.copies == 0


def test_a_kept_record_and_its_copy_are_two_with_ids_of_their_own() -> None:
    found = retagged("$k a t true", {"k": "a"})
    assert found.copies == 1
    assert found.rest.origin.identity != found.moved[0].origin.identity
    found.moved[0].records()[0]["k"] = "changed"
    assert found.rest.records() == [{"k": "a"}]


def test_what_a_filter_has_handed_on_passes_it_untouched() -> None:
    once = made("rewrite_tag", ("rule", "$k a $TAG.again true"))
    assert isinstance(once, RewriteTagFilter)
    first = once.retag(batch({"k": "a"}))
    second = once.retag(first.moved[0])
    assert second.moved == []
    assert second.rest.tag == "tag.again"


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("$k a t", "has too few words"),
        ("k a t true", "write \\$k"),
        ("$k a t maybe", "use on or off"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(rule: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        made("rewrite_tag", ("rule", rule))


CONFIGURATION = """
[SERVICE]
    flush 0.05
[INPUT]
    name tail
    path {folder}/app.log
    tag app
    read_from_head on
    parser json
    db {folder}/db
[FILTER]
    name rewrite_tag
    match app
    rule $level ^(error)$ $1.$TAG false
    rule $level ^(audit)$ audit true
[FILTER]
    name rewrite_tag
    match error.*
    rule $level ^error$ app false
[FILTER]
    name record_modifier
    match audit
    record copied yes
[OUTPUT]
    name stdout
    match *
    format json_lines
    json_date_key false
"""


def test_records_begin_anew_in_the_agent_and_the_ledger_stays_even(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    levels = ["info", "error", "audit"] * 50
    log.write_text("".join(json.dumps({"level": level}) + "\n" for level in levels))
    path = tmp_path / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    with agent(path) as running:
        eventually(running.lines, lambda found: len(found) >= 200)
        assert running.started.stop() == 0
    lines = running.lines()
    assert len(lines) == 200
    # An error that comes back under its first tag is not sent round again.
    assert sum(line == {"level": "error"} for line in lines) == 50
    assert sum(line == {"level": "audit", "copied": "yes"} for line in lines) == 50
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["read"] == figures["delivered"] == 200
    with agent(path) as again:
        eventually(lambda: again.started.get("/-/ready").status, lambda status: status == 200)
        assert again.started.stop() == 0
    assert summary(again.started.log)["read"] == 0


def test_the_first_tag_needs_no_output(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text('{"level":"error"}\n{"level":"info"}\n')
    path = tmp_path / "agent.conf"
    rest = CONFIGURATION.format(folder=tmp_path).replace("match error.*", "match none")
    path.write_text(rest.replace("match *", "match error.*"))
    with agent(path) as running:
        found = eventually(running.whole_lines, lambda each: len(each) == 1)
        assert running.started.stop() == 0
    assert found == [{"level": "error"}]
    figures = summary(running.started.log)
    assert balances(figures)
    assert (figures["delivered"], figures["dropped"]) == (1, 1)
