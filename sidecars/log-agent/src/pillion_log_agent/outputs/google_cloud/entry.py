"""A record as Google's agents read it: severity, time, labels, message. Pure.

Source: Google Cloud Logging, "Structured logging", "LogEntry", and the severities of its plugin
for fluentd.
"""

from __future__ import annotations

from typing import Any

SEVERITIES = (
    "DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY",
)  # fmt: skip
_OTHERS = {
    "TRACE": "DEBUG", "FINEST": "DEBUG", "FINER": "DEBUG", "FINE": "DEBUG", "CONFIG": "DEBUG",
    "D": "DEBUG", "I": "INFO", "N": "NOTICE", "W": "WARNING", "E": "ERROR", "C": "CRITICAL",
    "F": "CRITICAL", "A": "ALERT", "INFORMATION": "INFO", "INFORMATIONAL": "INFO",
    "WARN": "WARNING", "ERR": "ERROR", "SEVERE": "ERROR", "FATAL": "CRITICAL", "CRIT": "CRITICAL",
    "EMERG": "EMERGENCY", "PANIC": "EMERGENCY",
}  # fmt: skip
_STEP = 100
LABELS = "logging.googleapis.com/labels"
_TEXTS = ("message", "log", "msg")


def severity_of(value: Any) -> str:
    """Return the severity that a value means; DEFAULT where it means none."""
    if isinstance(value, int):
        return SEVERITIES[min(max(value // _STEP, 0), len(SEVERITIES) - 1)]
    if not isinstance(value, str):
        return "DEFAULT"
    word = value.strip().upper()
    if word.isdecimal():
        return severity_of(int(word[:6]))
    return word if word in SEVERITIES else _OTHERS.get(word, "DEFAULT")


def structured(record: dict[str, Any], time: str, tag: str) -> dict[str, Any]:
    """Return a record as structured JSON for standard output.

    Args:
        record: not changed.
        time: RFC 3339.
        tag: goes into the labels.
    """
    rest = dict(record)
    severity = severity_of(rest.pop("severity", None))
    labels = rest.pop(LABELS, None)
    found: dict[str, Any] = {"severity": severity, "time": time}
    key = next((each for each in _TEXTS if isinstance(rest.get(each), str)), None)
    if key is not None:
        found["message"] = rest.pop(key)
    # What the record says of the fields that Google reads is not to be said twice.
    rest.pop("time", None)
    found |= {name: value for name, value in rest.items() if name not in found}
    found[LABELS] = {**(labels if isinstance(labels, dict) else {}), "tag": tag}
    return found
