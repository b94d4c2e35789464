r"""The multiline parsers that are there without being defined: stack traces as runtimes print them.

Sources: what the runtimes themselves print and document: Java's `Throwable.printStackTrace`, V8's
stack trace format, Python's `traceback`, Go's `runtime` (panic, fatal error, SIGQUIT), Ruby's
`Exception#full_message` and its `logger`. The tests have the output of each.
"""

from __future__ import annotations

from functools import cache

from pillion_log_agent.multiline.rules import START, Definition, Rule, pattern_rule
from pillion_log_agent.patterns.ruby import translate_proven

_Table = tuple[tuple[str, str, str], ...]

_JAVA: _Table = (
    (START, r"(?:Exception|Error|Throwable)(?::|[\t ]*$)", "message"),
    (START, r'^Exception in thread "', "message"),
    # The frames of a trace whose first line was none of those: they belong together still.
    (START, r"^\tat \S", "frames"),
    ("message, frames", r"^[\t ]+at (?=.*\{$)", "properties"),
    ("message, frames", r"^[\t ]+at ", "frames"),
    ("message, frames", r"^[\t ]*(?:\[?CIRCULAR REFERENCE|\.\.\. )", "frames"),
    ("message, frames", r"^[\t ]*(?:Caused by|Suppressed|Wrapped by): ", "message"),
    ("message, frames", r"^[\t ]*nested exception is:", "message"),
    # A message of several lines, as far as they are indented.
    ("message", r"^[\t ]+\S", "message"),
    # What V8 prints of an error's own fields: indented, between braces.
    ("properties", r"^[\t ]", "properties"),
    ("properties", r"^\}$", START),
)
_PYTHON_CHAIN = (
    r"^(?:The above exception was the direct cause|During handling of the above exception)"
)
_PYTHON: _Table = (
    (START, r"^\s*\+ Exception Group Traceback \(most recent call last\):", "group"),
    (START, r"Traceback \(most recent call last\):$", "frames"),
    # What follows an exception whose message had lines of its own.
    (START, _PYTHON_CHAIN, "chained"),
    ("group", r"^\s+[|+]", "group"),
    ("frames", r"^[\t ]+\S", "frames"),
    ("frames", r"^[^\W\d][\w.<>]*(?::|$)", "exception"),
    ("exception", r"^$", "between"),
    ("between", _PYTHON_CHAIN, "chained"),
    ("chained", r"^$", "chained"),
    ("chained", r"^Traceback \(most recent call last\):$", "frames"),
    ("chained", r"^\s*\+ Exception Group Traceback \(most recent call last\):", "group"),
)
_GOROUTINE = r"^goroutine \d+ [^\[]*\[.*\]:$"
_GO: _Table = (
    (START, r"(?:^|\s)panic: |http: panic serving |^fatal error: |^SIG[A-Z]+: |^runtime: ", "head"),
    (START, _GOROUTINE, "frames"),
    ("head", r"^(?:panic: |fatal error: |runtime: |runtime stack:$|PC=|\[signal |\t|$)", "head"),
    ("head, frames, gap", _GOROUTINE, "frames"),
    (
        "head, frames, gap",
        r"^(?:\.\.\.\d* ?(?:additional )?frames|goroutine running on )",
        "frames",
    ),
    ("head, frames", r"^(?:created by \S+|[^\s:][^\s(]*\(.*\)$)", "frames"),
    ("frames", r"^\s+\S*:\d+", "frames"),
    ("frames, gap", r"^(?:r\w{1,2}|rflags|[cfgs]s) +0x\h+$", "frames"),
    ("frames", r"^$", "gap"),
)
_POINTED = "NameError|NoMethodError|TypeError|ArgumentError"
_RUBY: _Table = (
    (START, rf"^(?=\S.*:\d+:in [`'])(?=.*\((?:{_POINTED})\)$)", "pointed"),
    (START, r"^\S.*:\d+:in [`']", "frames"),
    (START, r"(?:Error|Exception)(?::|\)?$)", "frames"),
    (START, r"\(Errno::[A-Z0-9]+\)$", "frames"),
    # The frames of an exception whose message had lines of its own.
    (START, r"^\tfrom \S.*:\d+", "frames"),
    ("pointed, frames", r"^[\t ]+(?:\d+: )?from \S.*:\d+", "frames"),
    ("pointed, frames", r"^\S.*:\d+:in [`'][^:]*$", "frames"),
    ("pointed, frames", r"^[\t ]*(?:\.\.\. \d+ levels|Did you mean\?)", "frames"),
    # The line of the program with the place below it, between blank lines.
    ("pointed", r"^$", "program"),
    ("program", r"\S", "caret"),
    ("caret", r"^ *\^+$", "frames"),
)  # fmt: skip
_JSON: _Table = (
    (START, r"^\{\s*$", "body"),
    ("body", r"^\}", START),
    ("body", r'^\s|^[\]"]|^$', "body"),
)
_TABLES: dict[str, tuple[_Table, tuple[str, ...]]] = {
    "go": (_GO, ("panic", "fatal error: ", "SIG", "runtime: ", "goroutine ")),
    "java": (_JAVA, ("Exception", "Error", "Throwable", "\tat ")),
    "json": (_JSON, ()),
    "python": (_PYTHON, ("Traceback (most recent call last)", "above exception")),
    "ruby": (_RUBY, (":in ", "Error", "Exception", "(Errno::", "\tfrom ")),
}  # fmt: skip
BUILT_IN = tuple(sorted(_TABLES))


@cache
def built_in(name: str) -> Definition:
    """Return the built-in parser of a name in `BUILT_IN`."""
    table, needles = _TABLES[name]
    # The runtimes of containers write two streams into one file.
    return Definition(name, _rules(table), needles=needles, key_group="stream")


def _rules(table: _Table) -> tuple[Rule, ...]:
    return tuple(
        pattern_rule(states, translate_proven(source), following)
        for states, source, following in table
    )
