"""CEL over JSON content: what is true, what cannot be evaluated, and what is refused at load."""

from __future__ import annotations

import json
import time

import pytest

from pillion.errors import ConfigurationError
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http import cel
from tests.exporters.blackbox.probed import module_of


def holds(expression: str, content: str | bytes) -> bool:
    body = content if isinstance(content, bytes) else content.encode()
    try:
        cel.judge(body, "", expression)
    except ProbeError as error:
        if "does not match" not in str(error):
            raise
        return False
    return True


def problem(expression: str, content: str | bytes) -> str:
    with pytest.raises(ProbeError) as caught:
        holds(expression, content)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "content"),
    [
        ("body.n > 30.5", '{"n":31}'),
        ("body.n == 31.0", '{"n":31}'),
        ("body.n == 3", '{"n":3}'),
        ("body.n == 3", '{"n":3.0}'),
        ("body.n >= 3 && body.n < 4", '{"n":3}'),
        ("body.used / body.total < 0.9", '{"used":5,"total":100}'),
        ("body.n in [1, 2, 3]", '{"n":3}'),
        ("body.n + 1.0 == 4.0", '{"n":3}'),
        ("int(body.n) % 2 == 1", '{"n":3}'),
        ("type(body.n) == double", '{"n":3}'),
        ("body.list == [1, 2]", '{"list":[1,2]}'),
        ("body.map == {'a': 1}", '{"map":{"a":1}}'),
        ("size(body.list) == 2 && body.list[1] == 'b'", '{"list":["a","b"]}'),
        ("!has(body.missing)", "{}"),
        ("body == null", "null"),
        ("body[0].x == 'y'", '[{"x":"y"}]'),
        ("body.items.all(i, i.state == 'ok')", '{"items":[{"state":"ok"},{"state":"ok"}]}'),
        ("body.parts.all(p, body.parts[p].status == 'UP')", '{"parts":{"db":{"status":"UP"}}}'),
        ("body.s.matches('^a.*c$')", '{"s":"abc"}'),
        ("timestamp(body.t) > timestamp('2020-01-01T00:00:00Z')", '{"t":"2024-01-01T00:00:00Z"}'),
    ],
)
def test_an_expression_holds_as_it_does_for_the_peer(expression: str, content: str) -> None:
    assert holds(expression, content)


def test_a_ratio_is_no_false_alarm() -> None:
    assert not holds("body.used / body.total > 0.9", '{"used":5,"total":100}')
    assert holds("body.used / body.total > 0.9", '{"used":95,"total":100}')


@pytest.mark.parametrize(
    ("expression", "content", "sentence"),
    [
        ("body.x == 1", "{}", "cannot be evaluated: Key not found in map"),
        ("body.n + 1 == 4", '{"n":3}', "No matching overloads found : _+_(double, int64)"),
        ("body.n", '{"n":1}', "does not evaluate to true or false"),
        ("1", "{}", "does not evaluate to true or false"),
        ("1/0 == 1", "{}", "divide by zero"),
        ("true", "no JSON", "the content is not JSON"),
        ("true", "NaN", "the content is not JSON"),
        ("true", "", "the content is not JSON"),
        ("true", "[" * 100_000, "the content is not JSON"),
    ],
)
def test_what_cannot_be_evaluated_fails_the_probe_with_the_reason(
    expression: str, content: str, sentence: str
) -> None:
    assert sentence in problem(expression, content)


def test_bytes_that_are_no_utf8_are_replaced_as_go_does() -> None:
    assert holds("body.s == '\\ufffd'", b'{"s":"\xff"}')


def test_no_content_makes_an_expression_slow() -> None:
    content = json.dumps({"list": list(range(5000))})
    started = time.process_time()
    assert "Iteration budget exceeded" in problem(
        "body.list.all(a, body.list.all(b, body.list.all(c, true)))", content
    )
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("foo == 1", "is not a CEL expression: undeclared reference to 'foo'"),
        ("bdy.x == 1", "undeclared reference to 'bdy.x' (column 4)"),
        ("body.x.lenght() == 1", "undeclared reference to 'lenght'"),
        ("", "'' is not a CEL expression: Syntax error"),
        ("  ", "is not a CEL expression: Syntax error"),
        ("body.x ==", "(column 10)"),
        ("'x' == 1", "found no matching overload for '_==_'"),
        ("(" * 50_000, "is not a CEL expression"),
    ],
)
@pytest.mark.parametrize(
    "key", ["fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel"]
)
def test_what_is_no_expression_is_refused_at_load(key: str, expression: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        module_of(f"prober: http\nhttp:\n  {key}: {json.dumps(expression)}")
    assert f"blackbox.yml:5: modules.m.http.{key}: " in str(caught.value)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_key_without_an_expression_is_as_good_as_absent() -> None:
    module = module_of("prober: http\nhttp:\n  fail_if_body_json_matches_cel:")
    assert not module.http.judges_json
