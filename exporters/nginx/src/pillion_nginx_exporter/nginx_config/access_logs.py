"""The access logs that directives name, and their formats. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log.formats import FormatText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pillion_nginx_exporter.nginx_config.directives import Directive

_OTHER_CONTEXTS = ("stream", "mail", "rtmp")
_VARIABLE = re.compile(r"\$(?:\{[a-z0-9_]+\}|[a-z0-9_]+)", re.IGNORECASE)
STREAMS = ("/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/proc/self/fd/2")

NO_FILE = "is left out: name a file in a volume that both containers mount"


@dataclass(frozen=True, slots=True)
class FoundLog:
    """One access log.

    Attributes:
        path: of a file, a glob where the name has variables; empty for syslog.
        syslog: the address that it is sent to; empty for a file.
        format: how its lines are written.
    """

    path: str
    syslog: str
    format: FormatText


@dataclass(frozen=True, slots=True)
class FoundLogs:
    """All of them, each once, and a sentence for each that cannot be counted whole."""

    logs: tuple[FoundLog, ...]
    notes: tuple[str, ...]


def access_logs(directives: Sequence[Directive]) -> FoundLogs:
    """Return the access logs of a configuration whose files are included already."""
    http = [one for one in _all(directives) if one.name in ("access_log", "log_format")]
    formats = {"combined": FormatText("combined")}
    for one in http:
        if one.name == "log_format" and len(one.arguments) > 1:
            formats[one.arguments[0]] = _format(one.arguments[1:])
    logs: dict[FoundLog, None] = {}
    notes: dict[str, None] = {}
    for one in http:
        if one.name == "access_log" and one.arguments and one.arguments[0] != "off":
            found, note = _log(one, formats)
            if found is not None:
                logs[found] = None
            if note:
                notes[f"access_log {one.arguments[0]} {note}"] = None
    return FoundLogs(tuple(logs), tuple(notes))


def _all(directives: Sequence[Directive]) -> Iterator[Directive]:
    for one in directives:
        yield one
        if one.block is not None and one.name not in _OTHER_CONTEXTS:
            yield from _all(one.block)


def _format(pieces: Sequence[str]) -> FormatText:
    escape = pieces[0].removeprefix("escape=") if pieces[0].startswith("escape=") else ""
    return FormatText("".join(pieces[1:] if escape else pieces), escape == "json")


def _log(one: Directive, formats: Mapping[str, FormatText]) -> tuple[FoundLog | None, str]:
    where, *options = one.arguments
    name = options[0] if options and "=" not in options[0] else "combined"
    known = formats.get(name)
    if known is None:
        return None, f"is left out: there is no log_format {name}"
    if any(option == "gzip" or option.startswith("gzip=") for option in options):
        return None, "is left out: it is compressed (gzip), which cannot be followed"
    if where in STREAMS:
        return None, NO_FILE
    note = ""
    if any(option.startswith("if=") for option in options):
        note = "has if=: only the requests that it logs are counted"
    if where.startswith("syslog:"):
        server = next(
            (
                part.removeprefix("server=")
                for part in where.removeprefix("syslog:").split(",")
                if part.startswith("server=")
            ),
            "",
        )
        return FoundLog("", server, known), note
    return FoundLog(_VARIABLE.sub("*", where), "", known), note
