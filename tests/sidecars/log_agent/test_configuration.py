"""Configuration: fluent-bit's two forms become one model, or every error at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.configuration.classic import Include, parse_classic
from pillion_log_agent.configuration.kinds import FLAG, LIST, PAIR, RETRIES, SIZE, TIME
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems, Section
from pillion_log_agent.show import as_yaml, explained

if TYPE_CHECKING:
    from pathlib import Path

    from pillion_log_agent.configuration.model import Configuration


def loaded(path: Path, **environment: str) -> Configuration:
    problems = Problems()
    configuration = load(str(path), environment, problems)
    problems.raise_if_any()
    return configuration


def wrong(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(path)
    return [line.replace(f"{path.parent}/", "") for line in str(caught.value).splitlines()]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_sections_hold_their_keys_with_their_places() -> None:
    problems = Problems()
    (section,) = parse_classic("[INPUT]\n    Name  tail\n    Path  /a b\n", "f", problems)
    assert isinstance(section, Section)
    assert section.kind == "input"
    assert [(e.key, e.value, e.place.line) for e in section.entries] == [
        ("Name", "tail", 2),
        ("Path", "/a b", 3),
    ]
    assert problems.sentences == []


def test_comments_blank_lines_and_carriage_returns_mean_nothing() -> None:
    text = "# c\r\n\r\n[Service]\r\n    # c\r\n    Flush 5\r\n    \r\n"
    (section,) = parse_classic(text, "f", Problems())
    assert isinstance(section, Section)
    assert section.value("flush") == "5"


def test_an_include_ends_a_section_and_keeps_its_place() -> None:
    items = parse_classic("[INPUT]\n  a b\n@INCLUDE x.conf\n", "f", Problems())
    assert isinstance(items[1], Include)
    assert (items[1].pattern, items[1].place.line) == ("x.conf", 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[INPTU]\n", "f:1: [INPTU]: there is no such section; did you mean [INPUT]?"),
        ("[INPUT\n", "f:1: '[INPUT' has no closing bracket"),
        ("    a b\n", "f:1: a: stands before the first section"),
        ("[INPUT]\nName tail\n", "f:2: 'Name' is not indented"),
        ("[INPUT]\n    a b\n  c d\n", "f:3: c: is indented otherwise"),
        ("@INCLDE x\n", "f:1: @INCLDE: is no command"),
    ],
)
def test_what_is_wrong_in_a_classic_file_is_said_with_its_line(text: str, sentence: str) -> None:
    problems = Problems()
    parse_classic(text, "f", problems)
    assert problems.sentences[0].startswith(sentence)


def test_variables_come_from_the_files_and_then_from_the_environment(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.conf",
        "@SET where=/logs\n[INPUT]\n  name tail\n  path ${where}/${APP}/*.log\n"
        "[OUTPUT]\n  name null\n  match ${NOTHING}*\n",
    )
    configuration = loaded(path, APP="shop", where="/not/here")
    assert configuration.inputs[0].properties.path == ("/logs/shop/*.log",)
    assert configuration.outputs[0].shared.match == "*"
    assert configuration.warnings == (
        f"{path}:7: ${{NOTHING}} has no value, and is taken as empty",
    )


def test_includes_are_relative_to_the_file_and_may_be_globs(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    written(tmp_path / "more", "1.conf", "[INPUT]\n  name dummy\n")
    written(tmp_path / "more", "2.conf", "[OUTPUT]\n  name null\n  match *\n")
    path = written(tmp_path, "a.conf", "@INCLUDE more/*.conf\n")
    configuration = loaded(path)
    assert len(configuration.files) == 3
    assert (configuration.inputs[0].name, configuration.outputs[0].name) == ("dummy.0", "null.0")


def test_a_file_that_includes_itself_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "a.conf", "@INCLUDE a.conf\n")
    assert "is included by itself" in wrong(path)[0]


def test_both_forms_make_the_same_model(tmp_path: Path) -> None:
    classic = written(
        tmp_path,
        "a.conf",
        "[SERVICE]\n  Flush 5\n[INPUT]\n  Name tail\n  Path /x/*.log\n  Read_From_Head On\n"
        "[FILTER]\n  Name record_modifier\n  Match *\n  Record a 1\n  Record b 2\n"
        "[OUTPUT]\n  Name es\n  Match *\n  Port 9201\n",
    )
    structured = written(tmp_path, "b.yaml", as_yaml(loaded(classic).sections))
    ours, theirs = loaded(structured), loaded(classic)
    assert ours.service == theirs.service
    for kind in ("inputs", "filters", "outputs"):
        assert [
            (each.declaration.name, each.properties, each.shared) for each in getattr(ours, kind)
        ] == [
            (each.declaration.name, each.properties, each.shared) for each in getattr(theirs, kind)
        ]


def test_every_error_is_said_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.conf",
        "[SERVICE]\n  Flsh 5\n[INPUT]\n  Name tial\n[INPUT]\n  Name tail\n  Path /x\n"
        "  Rotate_Wait soon\n[OUTPUT]\n  Name es\n  Port 99999\n",
    )
    starts = [line.split(" (")[0].split(" (known")[0] for line in wrong(path)]
    assert starts == [
        "a.conf:2: [SERVICE]: Flsh: is not a known property; did you mean flush?",
        "a.conf:4: [INPUT]: name: there is no input 'tial'; did you mean tail?",
        "a.conf:8: [INPUT] tail: Rotate_Wait: 'soon' is no time; write seconds, or a number with s, m, h or d",
        "a.conf:11: [OUTPUT] es: Port: '99999' is no port; write a number from 1 to 65535",
        "a.conf:9: [OUTPUT] es: match is missing; * takes every tag",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("servce: {}", "a.yaml:1: servce: unknown key; did you mean service?"),
        ("pipeline: []", "a.yaml:1: pipeline: is no mapping"),
        (
            "pipeline:\n  inputs:\n    - name: {a: 1}",
            "a.yaml:3: pipeline.inputs[0].name: is neither",
        ),
        ("- 1", "a.yaml:1: is no mapping"),
    ],
)
def test_what_is_wrong_in_yaml_is_said_with_its_line_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert wrong(written(tmp_path, "a.yaml", text))[0].startswith(sentence)


def test_without_a_file_all_logs_go_to_standard_output() -> None:
    configuration = load(None, {}, Problems())
    assert configuration.inputs[0].properties.path == ("/var/log/**/*.log",)
    assert configuration.outputs[0].properties.format == "json_lines"


def test_a_drawing_shows_what_a_tag_meets(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.conf",
        "[INPUT]\n  name dummy\n[FILTER]\n  name grep\n  match app.*\n[FILTER]\n  name modify\n"
        "  match db.*\n[OUTPUT]\n  name null\n  match *\n",
    )
    assert explained(loaded(path), "app.web") == (
        "records with the tag app.web\n"
        "  |\n"
        "  v  [filter] grep  match app.*\n"
        "  |\n"
        "  `-> [output] null  match *\n"
    )


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512), ("32k", 32_000), ("5MB", 5_000_000), ("1MiB", 1 << 20)]
)
def test_sizes_are_those_of_fluent_bit(text: str, size: int) -> None:
    assert SIZE.parse(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("0.5", 0.5), ("1m", 60), ("2h", 7200), ("1d", 86400)]
)
def test_times_are_those_of_fluent_bit(text: str, seconds: float) -> None:
    assert TIME.parse(text) == seconds


def test_truth_values_lists_words_and_retries() -> None:
    assert [FLAG.parse(text) for text in ("On", "true", "yes", "OFF", "no")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert LIST.parse("a, b,,c ") == ("a", "b", "c")
    assert PAIR.parse('key a "quoted" rest') == ("key", 'a "quoted" rest')
    assert [RETRIES.parse(text) for text in ("no_limits", "False", "no_retries", "5")] == [
        None,
        None,
        0,
        5,
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[INPUT]\n" + "    unknown_key x\n" * 400_000,
            "f.conf:50001: the file has more than 50000 lines",
        ),
        (
            "@SET a=xxxxxxxxxxxxxxxx\n" + "@SET a=${a}${a}\n" * 39,
            "f.conf:20: the variables unfold into more than 8388608 characters",
        ),
        (
            "[INPUT]\n    name tail\n" * 20_000,
            "f.conf:4001: there are more than 2000 sections",
        ),
    ],
    ids=["lines", "doubling", "sections"],
)
def test_no_classic_file_costs_more_than_a_moment(tmp_path: Path, text: str, sentence: str) -> None:
    assert wrong(written(tmp_path, "f.conf", text)) == [sentence]


def test_a_thousand_mistakes_are_counted_and_a_hundred_told(tmp_path: Path) -> None:
    keys = "".join(f"    unknown_{number} x\n" for number in range(1000))
    sentences = wrong(written(tmp_path, "f.conf", f"[OUTPUT]\n    name null\n    match *\n{keys}"))
    assert len(sentences) == 101
    assert sentences[-1] == "and 901 more"  # the input that is missing


def test_files_that_include_each_other_share_one_bound(tmp_path: Path) -> None:
    written(tmp_path, "large.conf", "# " + "x" * 9_000_000)
    path = written(tmp_path, "f.conf", "@INCLUDE large.conf\n@INCLUDE large.conf\n[OUTPUT]\n")
    assert "f.conf:2: large.conf: is larger than 16 MiB, with what was read before it" in wrong(
        path
    )
