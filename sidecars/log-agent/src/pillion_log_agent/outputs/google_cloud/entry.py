"""A record as Google's agents read it: severity, time, labels, message. Pure.

Source: Google Cloud Logging, "Structured logging" and "LogEntry".
"""

from __future__ import annotations

from typing import Any

from pillion_log_agent.outputs.stackdriver.severity import severity_of

LABELS = "logging.googleapis.com/labels"
_TEXTS = ("message", "log", "msg")


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
