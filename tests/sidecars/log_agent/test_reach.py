"""Inputs whose records meet no output: said when the configuration is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems

if TYPE_CHECKING:
    from pathlib import Path


def warnings(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "agent.conf"
    path.write_text(text)
    problems = Problems()
    configuration = load(str(path), {}, problems)
    problems.raise_if_any()
    return configuration.warnings


def classic(tag: str, match: str, more: str = "", key: str = "match") -> str:
    named = f"  tag {tag}\n" if tag else ""
    return f"[INPUT]\n  name tail\n  path /x/*.log\n{named}{more}[OUTPUT]\n  name null\n  {key} {match}\n"


@pytest.mark.parametrize(
    ("tag", "match"),
    [
        ("app", "ap"), ("app", "b*"), ("", "tail"), ("kube.*", "app.*"), ("kube.*", "*.txt.x"),
        ("<pod>.log", "a.txt"), ("kube.*", "kub"),
    ],
)  # fmt: skip
def test_a_tag_that_no_match_can_meet_is_warned_of(tmp_path: Path, tag: str, match: str) -> None:
    (warning,) = warnings(tmp_path, classic(tag, match).replace("kube.*", "kube.*.log"))
    shown = (tag or "tail.0").replace("kube.*", "kube.*.log")
    assert warning == (
        f"{tmp_path}/agent.conf:1: [INPUT] tail: tag: {shown!r} is met by no output "
        f"({match}), and its records are dropped; match {shown} takes them"
    )


@pytest.mark.parametrize(
    ("tag", "match"),
    [
        ("app", "app"), ("app", "a*"), ("app", "*"), ("", "tail.*"), ("kube.*", "kube.var.*"),
        ("kube.*", "*.log"), ("<pod>.log", "a.log"), ("<pod>", "x"), ("kube.*", "kube.a.b"),
        ("kube.*", "*shop*"),
    ],
)  # fmt: skip
def test_a_tag_that_a_match_may_meet_is_not(tmp_path: Path, tag: str, match: str) -> None:
    assert warnings(tmp_path, classic(tag, match)) == ()


def test_a_pattern_is_held_against_a_whole_tag_alone(tmp_path: Path) -> None:
    assert warnings(tmp_path, classic("app", "^b", key="match_regex"))
    assert not warnings(tmp_path, classic("app", "^a", key="match_regex"))
    assert not warnings(tmp_path, classic("kube.*", "^b", key="match_regex"))


def test_nothing_is_said_where_a_filter_may_give_another_tag(tmp_path: Path) -> None:
    filters = "[FILTER]\n  name rewrite_tag\n  match *\n  rule $log ^x y false\n"
    assert warnings(tmp_path, classic("app", "b", filters)) == ()
