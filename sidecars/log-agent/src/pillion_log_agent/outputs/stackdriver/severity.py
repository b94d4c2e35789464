"""The severity that a word or a number means. Pure.

Source: Google Cloud Logging, "LogEntry", and the severities of its plugin for fluentd.
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
