"""What is read of an event's object. Pure.

Source: the Kubernetes API, Event v1 core, and its concepts: resource versions can be compared as
numbers within one resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_log_agent.patterns.times import TimeFormat

if TYPE_CHECKING:
    from collections.abc import Iterable

_ISO = TimeFormat.compile("%Y-%m-%dT%H:%M:%S.%L%z")
_ISO_SECONDS = TimeFormat.compile("%Y-%m-%dT%H:%M:%S%z")


def version_of(found: dict[str, Any]) -> int:
    """Return the resource version of an object, 0 where it has none that is a number."""
    meta = found.get("metadata")
    text = meta.get("resourceVersion") if isinstance(meta, dict) else None
    return version(text)


def version(text: Any) -> int:
    """Return a resource version as a number, 0 where it is none."""
    is_number = isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004
    return int(text) if is_number else 0


def time_of(found: dict[str, Any]) -> int | None:
    """Return when it happened for the last time, in nanoseconds; None where it does not say."""
    meta = found.get("metadata")
    series = found.get("series")
    created = meta.get("creationTimestamp") if isinstance(meta, dict) else None
    seen = series.get("lastObservedTime") if isinstance(series, dict) else None
    first, last = found.get("firstTimestamp"), found.get("lastTimestamp")
    return _first_time((last, seen, first, found.get("eventTime"), created))


def _first_time(texts: Iterable[Any]) -> int | None:
    for text in texts:
        if isinstance(text, str):
            for form in (_ISO_SECONDS, _ISO):
                if (time := form.parse(text, 0)) is not None:
                    return time
    return None
