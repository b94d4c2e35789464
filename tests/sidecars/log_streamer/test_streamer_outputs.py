"""How lines go out: as they are, with a name, or as JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.tail import Chunk, FromLine, LastLines, Receipt
from pillion.tail.chunk import SettledSpans, Span
from pillion.tail.generation import CLOSED, Generation
from pillion.tail.lowlevel import PollingWaker
from pillion_log_streamer.labels import parse_labels
from pillion_log_streamer.outputs import OUTPUTS
from pillion_log_streamer.outputs.json_lines import JsonLines
from pillion_log_streamer.outputs.output import Names, load
from pillion_log_streamer.outputs.prefix import Prefix
from pillion_log_streamer.settings import parse_lines, show_lines

PATH = "/var/log/a.log"
NAMES = Names([PATH])
SETTLED = SettledSpans(PollingWaker())


def chunk(data: bytes, path: str = PATH) -> Chunk:
    generation = Generation(path, (1, 2), 0, CLOSED, now=0.0)
    lines = len(data.splitlines())
    span = Span(generation, data, 0, len(data), lines, after="whole", trail=b"", settled=SETTLED)
    return Chunk(span, Receipt(span), starts_line=True)


def no_labels() -> dict[str, str]:
    return {}


def rendered(name: str, data: bytes) -> bytes:
    return b"".join(load(name, NAMES, no_labels).render(chunk(data)))


@pytest.mark.parametrize("name", OUTPUTS)
@given(
    st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), min_size=1),
    st.sampled_from([b"", b"\n"]),
)
def test_every_form_has_a_line_for_each_line(name: str, lines: list[bytes], end: bytes) -> None:
    data = b"\n".join(lines) + (end if lines[-1] else b"\n")
    out = rendered(name, data)
    assert out.endswith(b"\n")
    assert out.count(b"\n") == len(lines)


def test_raw_is_what_it_was() -> None:
    assert rendered("raw", b"1\n2\n") == b"1\n2\n"


def test_prefix_puts_the_name_before_each_line() -> None:
    assert rendered("prefix", b"1\n\n2\n") == b"a.log: 1\na.log: \na.log: 2\n"


def test_a_name_with_a_line_break_does_not_break_a_line() -> None:
    out = b"".join(Prefix(NAMES, no_labels).render(chunk(b"1\n", "/var/log/a\nb")))
    assert out == b"a?b: 1\n"


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["/var/log/a.log", "/var/log/b.log"], "a.log"),
        (["/var/log/*.log"], "a.log"),
        (["/var/log/a.log", "/srv/b.log"], "/var/log/a.log"),
        (["/var/**/*.log"], "/var/log/a.log"),
    ],
)
def test_files_of_one_directory_go_by_their_last_name(paths: list[str], name: str) -> None:
    assert Names(paths).name(PATH) == name


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")), min_size=1)
)
def test_json_gives_every_line_back(lines: list[str]) -> None:
    out = rendered("json", "".join([f"{line}\n" for line in lines]).encode())
    objects = [json.loads(line) for line in out.decode().split("\n")[:-1]]
    assert [item["line"] for item in objects] == lines


def test_json_has_time_file_labels_and_line() -> None:
    output = JsonLines(NAMES, lambda: {"app": 'a"b'}, clock=lambda: 1.5)
    out = b"".join(output.render(chunk(b"x\n")))
    assert json.loads(out) == {
        "time": "1970-01-01T00:00:01.500Z",
        "file": "a.log",
        "labels": {"app": 'a"b'},
        "line": "x",
    }


def test_json_replaces_what_is_no_utf_8() -> None:
    assert json.loads(rendered("json", b"a\xffb\n"))["line"] == "a�b"


def test_labels_are_read_as_the_downward_api_writes_them() -> None:
    text = (
        'app="web"\npod-template-hash="5f"\nexample.com/note="say \\"hi\\"\\nand \\u00e4"\n\nodd\n'
    )
    assert parse_labels(text) == {
        "app": "web",
        "pod-template-hash": "5f",
        "example.com/note": 'say "hi"\nand ä',
    }


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("10", LastLines(10)),
        ("-10", LastLines(10)),
        ("0", LastLines(0)),
        ("+1", FromLine(1)),
        ("+0", FromLine(1)),
        ("+7", FromLine(7)),
    ],
)
def test_lines_are_counted_as_tail_counts_them(text: str, start: FromLine | LastLines) -> None:
    assert parse_lines(text) == start
    assert parse_lines(show_lines(start)) == start


@pytest.mark.parametrize("text", ["", "+", "ten", "+-1", "--1", "1k", "१"])
def test_what_is_no_number_of_lines_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 100 for the last hundred, \+1 for all"):
        parse_lines(text)
