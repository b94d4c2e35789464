"""`<parse>` and the old `format`: to parser sections. Pure.

Source: "Parser Plugins" of fluentd's documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.fluentd.element import Element
from pillion_log_agent.configuration.fluentd.plugin import Plugin, check_taken
from pillion_log_agent.configuration.section import Entry, Section

if TYPE_CHECKING:
    from pillion_log_agent.configuration.section import Problems

APACHE = (
    r"^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "
    r'"(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" (?<code>[^ ]*) (?<size>[^ ]*)'
    r'(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$'
)
NGINX = (
    r"^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "
    r'"(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)'
    r'(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)"(?:\s+\S+)?)?$'
)
SYSLOG = (
    r"^(?:\<(?<pri>[0-9]{1,3})\>)?(?<time>[^ ]* {1,2}[^ ]* [^ ]*) (?<host>[^ ]*) "
    r"(?<ident>[^ :\[]*)(?:\[(?<pid>[0-9]+)\])?(?:[^\:]*\:)? *(?<message>.*)$"
)
_WEB_TIME = "%d/%b/%Y:%H:%M:%S %z"
_KNOWN = {
    "apache2": (APACHE, _WEB_TIME, "code:integer size:integer"),
    "apache": (APACHE, _WEB_TIME, ""),
    "nginx": (NGINX, _WEB_TIME, ""),
    "syslog": (SYSLOG, "%b %d %H:%M:%S", ""),
}
_FORMATS = {"json": "json", "ltsv": "ltsv", "logfmt": "logfmt"}


class Parsers:
    """Makes parser sections, each with a name of its own."""

    def __init__(self, problems: Problems) -> None:
        self.sections: list[Section] = []
        self._problems = problems

    def of(self, owner: Plugin) -> tuple[str | None, str]:
        """Return the name of the parser that an element asks for, and the field of bare text.

        None is the name of `none`: each line is the text of a field.
        """
        element = owner.child("parse")
        if element is None:
            element = _old(owner)
        parse = Plugin(element, self._problems)
        kind = element.value("@type", "type") or "none"
        key = parse.take("message_key") or "message"
        if kind == "none":
            check_taken(parse)
            return None, key
        name = self._parser(parse, kind)
        check_taken(parse)
        return name, key

    def beginning(self, first: str, owner: Plugin) -> str:
        """Return the name of a multiline parser of records that begin with a pattern."""
        bare = _bare(first)
        if '"' in bare:
            owner.wrong("has a double quote; write \\x22", "the pattern of a first line")
        rest = f"^(?!{bare.removeprefix('^')})" if bare.startswith("^") else f"^(?!.*(?:{bare}))"
        name = f"fluentd.{len(self.sections)}"
        pairs = (
            ("name", name),
            ("type", "regex"),
            ("rule", f'"start_state" "/{bare}/" "cont"'),
            ("rule", f'"cont" "/{rest}/" "cont"'),
        )
        place = owner.element.place
        entries = tuple(Entry(key, value, place) for key, value in pairs)
        self.sections.append(Section("multiline_parser", place, entries))
        return name

    def _parser(self, parse: Plugin, kind: str) -> str:
        if kind in ("cri", "docker"):
            return kind
        pairs, usual, types = _format(parse, kind)
        pairs.append(("time_key", parse.take("time_key") or "time"))
        given = parse.take("time_format") or usual
        pairs.append(("time_format", _time_format(parse, given)))
        if parse.flag("keep_time_key"):
            pairs.append(("time_keep", "on"))
        if types := parse.take("types") or types:
            pairs.append(("types", types.replace(",", " ").replace(":array", ":string")))
        if not parse.flag("estimate_current_event", default=True):
            parse.wrong("off is not supported; a record without a time has that of now")
        parse.accept("localtime", "utc", "null_empty_string", "timeout", "json_parser")
        return self._named(parse, pairs)

    def _named(self, owner: Plugin, pairs: list[tuple[str, str]]) -> str:
        name = f"fluentd.{len(self.sections)}"
        place = owner.element.place
        entries = [Entry(key, value, place) for key, value in (("name", name), *pairs)]
        self.sections.append(Section("parser", place, tuple(entries)))
        return name


def _format(parse: Plugin, kind: str) -> tuple[list[tuple[str, str]], str, str]:
    """Return the format of a parser with its pattern, and its usual time format and types."""
    if kind in _FORMATS:
        return [("format", _FORMATS[kind])], "", ""
    expression = usual = types = ""
    if kind.startswith("/"):
        expression = _bare(kind)
    elif kind in ("regexp", "regex"):
        expression = _bare(parse.take("expression") or "")
    elif kind in _KNOWN:
        expression, usual, types = _KNOWN[kind]
    elif kind == "multiline":
        expression = _lines(parse)
    else:
        parse.wrong(
            f"there is no parser {kind!r} here; use regexp, json, ltsv, none, apache2, nginx, "
            "syslog, multiline or cri"
        )
    return [("format", "regex"), ("regex", expression)], usual, types


def _time_format(parse: Plugin, given: str) -> str:
    time_type = parse.take("time_type")
    if time_type in ("unixtime", "float"):
        return "%s" if time_type == "unixtime" else "%s.%L"
    if time_type not in (None, "string"):
        parse.wrong("is not supported; write unixtime, float or string", "time_type")
    return (given or "%Y-%m-%dT%H:%M:%S.%L%z").replace("%N", "%L").replace("%9L", "%L")


def _old(owner: Plugin) -> Element:
    """Return the flat keys of the old form as an element."""
    keys = ("time_format", "time_key", "keep_time_key", "types", "message_key", "time_type")
    element = Element("parse", "", owner.element.place)
    kind = owner.take("format")
    if kind is not None:
        element.pairs.append(Entry("@type", kind, owner.element.place))
    for entry in owner.element.pairs:
        if entry.key in keys or entry.key.startswith("format"):
            owner.accept(entry.key)
            if entry.key != "format":
                element.pairs.append(entry)
    return element


def _lines(parse: Plugin) -> str:
    """Return the pattern of a record of several lines: those of its lines, joined."""
    parse.accept("format_firstline")
    found: list[str] = []
    while (line := parse.take(f"format{len(found) + 1}")) is not None:
        found.append(_bare(line))
    return "(?m)" + "".join(found)


def _bare(expression: str) -> str:
    """Return what is between the slashes of a pattern."""
    if expression.startswith("/"):
        body, _, flags = expression[1:].rpartition("/")
        return f"(?{flags.replace('x', '')}){body}" if flags.replace("x", "") else body
    return expression
