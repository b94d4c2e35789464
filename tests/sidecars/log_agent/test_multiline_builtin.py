"""The built-in multiline parsers, over stack traces as the runtimes themselves have printed them.

The files in `traces/` are the standard error of small programs: OpenJDK 17, Node 20, Python 3.11,
Go 1.26 and Ruby 3.1.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pillion_log_agent.multiline.builtin import BUILT_IN, built_in
from pillion_log_agent.multiline.machine import Machine

TRACES = Path(__file__).parent / "traces"
BEFORE, AFTER = "2026-11-21 10:00:00 INFO  shop is open", "2026-11-21 10:00:01 INFO  shop goes on"


def joined(lines: list[str], *names: str) -> list[list[str]]:
    """Return the records of lines."""
    starts, _ = Machine([built_in(name) for name in names]).split(lines, None)
    return [lines[begin:end] for begin, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def shape(records: list[list[str]]) -> list[tuple[int, str]]:
    """Return how many lines each record has, and how it begins."""
    return [(len(lines), lines[0][:40]) for lines in records if len(lines) > 1]


EXPECTED = [
    ("java", "java.txt", [
        (17, "java.lang.IllegalArgumentException: cann"),
        (12, "java.lang.Exception: one"),
        (9, "java.lang.RuntimeException: no stock"),
        (3, 'Exception in thread "Thread-0" java.lang'),
        (20, 'Exception in thread "main" java.lang.Ill'),
    ]),
    ("java", "node.txt", [(15, "TypeError: bad"), (8, "Error: async one")]),
    ("go", "go-panic.txt", [(8, "panic: my panic")]),
    ("go", "go-served.txt", [(16, "2026/11/21 03:38:02 http: panic serving ")]),
    ("go", "go-nil.txt", [(6, "panic: runtime error: invalid memory add")]),
    ("ruby", "ruby.txt", [
        (6, "r.rb:4:in `rescue in middle': cannot ord"),
        # Its message has a second line, which nothing tells from another line of the log.
        (5, "\tfrom r.rb:4:in `middle'"),
        (7, "RuntimeError: cannot order"),
        (7, "E, [2026-11-21T03:39:18.380144 #17471] E"),
        (4, "r.rb:11:in `<main>': undefined method `f"),
    ]),
    ("python", "python.txt", [
        (8, "Traceback (most recent call last):"),
        (8, "Traceback (most recent call last):"),
        # Behind a message of two lines the trace goes on as a record of its own.
        (10, "The above exception was the direct cause"),
        (8, "Traceback (most recent call last):"),
        (21, "The above exception was the direct cause"),
        (8, "Traceback (most recent call last):"),
        (5, "Traceback (most recent call last):"),
        (15, "Traceback (most recent call last):"),
        (14, "  + Exception Group Traceback (most rece"),
        (8, "Traceback (most recent call last):"),
        (4, "Traceback (most recent call last):"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "expected"), EXPECTED, ids=[row[1] for row in EXPECTED])
def test_each_trace_that_a_runtime_prints_is_one_record(
    name: str, file: str, expected: list[tuple[int, str]]
) -> None:
    assert shape(joined((TRACES / file).read_text().splitlines(), name)) == expected


@pytest.mark.parametrize(("name", "file", "expected"), EXPECTED, ids=[row[1] for row in EXPECTED])
def test_all_languages_together_find_the_same_in_any_order(
    name: str, file: str, expected: list[tuple[int, str]]
) -> None:
    lines = (TRACES / file).read_text().splitlines()
    others = [each for each in BUILT_IN if each != name]
    assert shape(joined(lines, name, *others)) == expected
    assert shape(joined(lines, *others, name)) == expected


WHOLE = {
    "java": "java.lang.IllegalStateException: no stock\n\tat shop.Main.main(Main.java:9)\n"
    "Caused by: java.io.IOException: disk is gone\n\tat shop.Disk.read(Disk.java:3)\n"
    "\tSuppressed: java.lang.RuntimeException: again\n\t\tat shop.Disk.close(Disk.java:5)\n"
    "\t\t... 5 common frames omitted",
    "python": "Traceback (most recent call last):\n"
    "  File \"/app/shop.py\", line 4, in order\n    stock[name]\n    ~~~~~^^^^^^\nKeyError: 'x'\n\n"
    "During handling of the above exception, another exception occurred:\n\n"
    'Traceback (most recent call last):\n  File "/app/shop.py", line 6, in order\n'
    "    raise OrderError(name)\nshop.errors.OrderError: x",
    "go": "panic: no stock\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x10",
    "ruby": "shop.rb:4:in `order': no stock (RuntimeError)\n\tfrom shop.rb:9:in `<main>'",
    "json": '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}',
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_lines_before_and_after_a_trace_are_records_of_their_own(name: str) -> None:
    trace = WHOLE[name].split("\n")
    assert joined([BEFORE, *trace, AFTER], name) == [[BEFORE], trace, [AFTER]]


@pytest.mark.parametrize("name", BUILT_IN)
def test_two_traces_one_after_the_other_are_two_records(name: str) -> None:
    trace = WHOLE[name].split("\n")
    assert joined([*trace, *trace], name) == [trace, trace]


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("indented", ["    indented", "\ttabbed", "", "}", "at noon"])
def test_lines_without_a_trace_are_left_alone(name: str, indented: str) -> None:
    lines = [BEFORE, indented, AFTER]
    assert joined(lines, name) == [[line] for line in lines]


def test_frames_whose_first_line_was_no_exception_s_belong_together_still() -> None:
    frames = ["\tat shop.A.a(A.java:1)", "\tat shop.B.b(B.java:2)", "Caused by: x", "\t... 2 more"]
    assert joined(["shop.OutOfStock: none left", *frames, AFTER], "java") == [
        ["shop.OutOfStock: none left"], frames, [AFTER],
    ]  # fmt: skip


def test_an_indented_message_of_several_lines_belongs_to_its_trace() -> None:
    trace = [
        "org.acme.SqlException: no such table",
        "  Detail: shop.orders",
        "\tat a.B.c(B.java:1)",
    ]
    assert joined([*trace, AFTER], "java") == [trace, [AFTER]]


def test_a_go_program_that_is_asked_for_its_stacks_prints_one_record() -> None:
    dump = [
        "SIGQUIT: quit", "PC=0x46a2c1 m=0 sigcode=0", "", "goroutine 0 gp=0x1 m=0 mp=0x1 [idle]:",
        "runtime.futex(0x5a1e58, 0x80)", "\t/usr/local/go/src/runtime/sys_linux_amd64.s:558 +0x21",
        "", "goroutine 1 [sleep, 5 minutes]:", "main.(*Shop[...]).Wait(0x1)",
        "\t/app/main.go:12 +0x1d", "...3 frames elided...", "created by main.main in goroutine 1",
        "\t/app/main.go:9 +0x2a", "", "rax    0xca", "rip    0x46a2c1",
    ]  # fmt: skip
    assert joined([*dump, AFTER], "go") == [dump, [AFTER]]
