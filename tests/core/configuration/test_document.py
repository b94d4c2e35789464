from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.configuration import Document, show_path
from pillion.errors import ConfigurationError


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        Document.parse(text, "f.yml")
    return str(error.value)


def test_every_key_knows_its_line() -> None:
    document = Document.parse("a: 1\nb:\n  c: [x,\n    y]\n", "f.yml")
    assert document.line(("a",)) == 1
    assert document.line(("b", "c")) == 3
    assert document.line(("b", "c", 1)) == 4
    assert document.line(("b", "missing")) == 2


def test_scalars_follow_yaml_1_2() -> None:
    text = (
        "a: no\nb: on\nc: 12:30:45\nd: true\ne: 0x1F\nf: 1.5\ng: ~\nh: 2024-01-02\ni: '5'\nj: 010"
    )
    assert Document.parse(text, "f.yml").data == {
        "a": "no",
        "b": "on",
        "c": "12:30:45",
        "d": True,
        "e": 31,
        "f": 1.5,
        "g": None,
        "h": "2024-01-02",
        "i": "5",
        "j": "010",
    }


def test_keys_are_text_whatever_they_look_like() -> None:
    assert Document.parse("200: a\ntrue: b", "f.yml").data == {"200": "a", "true": "b"}


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert Document.parse("# nothing\n", "f.yml").data == {}


def test_anchors_and_merges_work() -> None:
    text = "base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n"
    assert Document.parse(text, "f.yml").data["c"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2\n", "f.yml:2: a: is there twice"),
        ("a: [1,\n", "f.yml:2: did not find expected node content"),
        ("a: 1\n\tb: 2\n", "f.yml:2: found a tab character"),
        ("a: !!python/object:os.system x", "f.yml:1: a: has the tag"),
        ("a: !custom x", "f.yml:1: a: has the tag !custom, which means nothing here"),
        ("? [a, b]\n: c\n", "f.yml:1: has a key that is not text"),
        ("a: &a [*a]", "f.yml:1: a"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_line(text: str, sentence: str) -> None:
    assert refused(text).startswith(sentence)


def test_a_few_lines_cannot_unfold_into_gigabytes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "unfolds into too much" in refused("\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "{a: " * 50_000,
        "- " * 50_000 + "x",
        "? " * 50_000,
        "[" * 5000 + "]" * 5000,
        "".join(" " * depth + "a:\n" for depth in range(500)),
    ],
    ids=["brackets", "braces", "dashes", "question marks", "closed", "indented"],
)
def test_deep_nesting_is_refused_and_ends_no_process(text: str) -> None:
    assert "is nested more than 100 levels deep" in refused(text)


def test_more_values_than_any_configuration_has_are_refused_before_they_are_built() -> None:
    assert refused("- x\n" * 1_000_000).endswith("has more than 200000 values")


def test_directives_cannot_cost_the_square_of_their_number() -> None:
    text = "".join(f"%TAG !a{number}! x\n" for number in range(200_000))
    assert refused(text + "--- a") == "f.yml: has more than 100 directives (%TAG)"


def test_an_error_is_one_short_line_whatever_the_file_has() -> None:
    assert len(refused("- !<" + "a" * 1_000_000 + "> x")) < 300
    assert len(refused("? " + "k" * 1_000_000 + "\n: !x y")) < 500


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigurationError, match=f"{path}:2: is not UTF-8 text"):
        Document.read(str(path))


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        Document.read(str(tmp_path))


def test_a_key_path_reads_as_people_write_it() -> None:
    assert show_path(("modules", "http", "headers", 0, "x")) == "modules.http.headers[0].x"


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_document_or_the_one_error(text: str) -> None:
    try:
        assert Document.parse(text, "f.yml").path == "f.yml"
    except ConfigurationError as error:
        assert str(error).startswith("f.yml")  # either outcome is right
