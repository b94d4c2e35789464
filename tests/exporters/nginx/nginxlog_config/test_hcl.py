"""HCL as plain data: what the language allows, and errors with their line."""

from __future__ import annotations

import pytest

from pillion_nginx_exporter.nginxlog_config.hcl import Block, HclSyntaxError, Item, parse_hcl


def test_keys_blocks_names_and_lists() -> None:
    assert parse_hcl('a = 1\nb "x" "y" { c = [true, -.5, "t\\"\\n\\u00e9",] }\n"d" = {}') == Block(
        (
            Item("a", (), 1, 1),
            Item("b", ("x", "y"), Block((Item("c", (), [True, -0.5, 't"\né'], 2),)), 2),
            Item("d", (), Block(()), 3),
        )
    )


def test_comments_are_none_inside_text() -> None:
    found = parse_hcl('# a\n// b\n/* c\n*/ a = "# // /* */" # d')
    assert found.items == (Item("a", (), "# // /* */", 4),)


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a", 1, "= or { is missing before the end"),
        ("\na = ", 2, "a value is missing before the end"),
        ("a = [1 2]", 1, ", is missing before 2"),
        ("a {\nb = 1", 2, "} is missing before the end"),
        ("a = 1\n}", 2, "unexpected }"),
        ('a = "open', 1, "is not HCL: '\"open'"),
        ("a = maybe", 1, "a value is missing before maybe"),
        ("a {" * 40, 1, "stands deeper than 32"),
        ("a = " + "[" * 40, 1, "stands deeper than 32"),
    ],
)
def test_an_error_has_its_line(text: str, line: int, sentence: str) -> None:
    with pytest.raises(HclSyntaxError) as caught:
        parse_hcl(text)
    assert (caught.value.line, str(caught.value)) == (line, sentence)
