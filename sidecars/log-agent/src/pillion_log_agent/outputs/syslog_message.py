"""Records as messages of syslog (RFC 5424 and RFC 3164). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion_log_agent.outputs.gelf_message import level_of
from pillion_log_agent.patterns.times import show_iso
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from pillion_log_agent.records.accessor import Accessor
    from pillion_log_agent.records.columns import Record

FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "security", "console", "solaris-cron", "local0", "local1", "local2", "local3",
    "local4", "local5", "local6", "local7",
)  # fmt: skip
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NOT_PRINTED = re.compile(r"[^!-~]")
_NOT_A_NAME = re.compile(r"[^!-~]|[=\]\"]")
_LINES = re.compile(r"\r\n|[\r\n\0]")
_DAY = slice(8, 10)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the header: a field, and what stands in for it.

    Attributes:
        field: where its value is, if anywhere.
        preset: where it is not there.
        length: the longest that it may be.
    """

    field: Accessor | None
    preset: str
    length: int

    def of(self, record: Record) -> str:
        """Return the text for a record; `-` where there is none."""
        value = None if self.field is None else self.field.find(record)
        text = self.preset if value is None else as_text(value)
        return _NOT_PRINTED.sub("_", text)[: self.length] or "-"


@dataclass(frozen=True, slots=True)
class SyslogFormat:
    """How a record becomes a message.

    Attributes:
        is_5424: RFC 5424; else RFC 3164.
        severity, facility: the field, and the number that stands in for it.
        hostname, appname, procid, msgid: parts of the header.
        data: fields of objects that become structured data.
        message: the field that is the message; the record as JSON where it is None.
        size: the longest message in bytes.
    """

    is_5424: bool
    severity: tuple[Accessor | None, int]
    facility: tuple[Accessor | None, int]
    hostname: Part
    appname: Part
    procid: Part
    msgid: Part
    data: tuple[Accessor, ...]
    message: Accessor | None
    size: int

    def render(self, record: Record, time: int) -> bytes:
        """Return the message of a record, cut where it is too long."""
        severity = _found(self.severity[0], record, level_of, self.severity[1])
        facility = _found(self.facility[0], record, facility_of, self.facility[1])
        priority = facility * 8 + severity
        header = self._header_5424 if self.is_5424 else self._header_3164
        text = f"<{priority}>{header(record, time)}{self._text(record)}"
        data = text.encode("utf-8", "replace")
        if len(data) <= self.size:
            return data
        return data[: self.size].decode("utf-8", "ignore").encode()

    def _header_5424(self, record: Record, time: int) -> str:
        parts = [part.of(record) for part in (self.hostname, self.appname, self.procid, self.msgid)]
        return f"1 {show_iso(time, 6)} {' '.join(parts)} {self._data(record)} "

    def _header_3164(self, record: Record, time: int) -> str:
        iso = show_iso(time)
        day = iso[_DAY].replace("0", " ", 1) if iso[8] == "0" else iso[_DAY]
        app, process = self.appname.of(record), self.procid.of(record)
        tag = "" if app == "-" else f"{app}: " if process == "-" else f"{app}[{process}]: "
        host = self.hostname.of(record)
        return f"{_MONTHS[int(iso[5:7]) - 1]} {day} {iso[11:19]} {host} {tag}"

    def _data(self, record: Record) -> str:
        found = ""
        for field in self.data:
            values = field.find(record)
            if isinstance(values, dict):
                pairs = "".join(f' {_name(key)}="{_escaped(each)}"' for key, each in values.items())
                found += f"[{_name(str(field.path[-1]))}{pairs}]"
        return found or "-"

    def _text(self, record: Record) -> str:
        value = record if self.message is None else self.message.find(record)
        # A line break would be the end of it, and what follows another message.
        return "" if value is None else _LINES.sub(" ", as_text(value))


def _found(field: Accessor | None, record: Record, read: Any, preset: int) -> int:
    value = None if field is None else field.find(record)
    number = None if value is None else read(value)
    return preset if number is None else int(number)


def facility_of(value: Any) -> int | None:
    """Return the facility that a number or a word says, None when it says none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < len(FACILITIES) else None
    word = str(value).lower()
    if word.isdecimal():
        return facility_of(int(word[:3]))
    return FACILITIES.index(word) if word in FACILITIES else None


def as_text(value: Any) -> str:
    """Return a value as text."""
    return value if isinstance(value, str) else from_wire(json_of(value)).decode()


def _name(text: str) -> str:
    return _NOT_A_NAME.sub("_", text)[:32] or "_"


def _escaped(value: Any) -> str:
    text = _LINES.sub(" ", as_text(value))
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
