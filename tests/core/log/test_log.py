from __future__ import annotations

import io
import json
import logging

import pytest

from pillion.log import Logger


def written(level: str = "info", log_format: str = "logfmt") -> tuple[Logger, io.StringIO]:
    stream = io.StringIO()
    return Logger(level=level, format=log_format, stream=stream, clock=lambda: 1.5), stream


def test_a_line_has_time_level_message_and_fields() -> None:
    log, stream = written()
    log.info("nginx is up", target="http://a/b?c=d", seconds=0.25, first=True)
    assert stream.getvalue() == (
        'time=1970-01-01T00:00:01.500Z level=info msg="nginx is up" '
        'target="http://a/b?c=d" seconds=0.25 first=true\n'
    )


def test_json_holds_the_same() -> None:
    log, stream = written(log_format="json")
    log.error("no", reason=ValueError("why"))
    assert json.loads(stream.getvalue()) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "error",
        "msg": "no",
        "reason": "why",
    }


def test_a_level_leaves_out_what_is_below_it() -> None:
    log, stream = written(level="warn")
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert [line.split("msg=")[1] for line in stream.getvalue().splitlines()] == ["c", "d"]


def test_bound_fields_are_on_every_line() -> None:
    log, stream = written()
    log.bind(target="a").bind(module="m").info("x", n=1)
    assert stream.getvalue().endswith("msg=x target=a module=m n=1\n")


@pytest.mark.parametrize("text", ["a\nlevel=error msg=forged", "a\x1b[31m", 'a"b\\c', "\x7f", ""])
def test_what_comes_from_outside_cannot_forge_a_line(text: str) -> None:
    log, stream = written()
    log.info("x", body=text)
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert json.loads(line.split("body=")[1]) == text


def test_a_stream_that_nobody_reads_stops_nothing() -> None:
    log, stream = written()
    stream.close()
    log.info("x")
    assert stream.closed


def test_what_a_dependency_logs_is_adopted() -> None:
    log, stream = written()
    before = logging.root.handlers[:], logging.root.level
    try:
        log.adopt()
        logging.getLogger("their.module").warning("slow %s", "thing")
    finally:
        logging.root.handlers[:], logging.root.level = before
    assert 'level=warn msg="slow thing" source=their.module' in stream.getvalue()
