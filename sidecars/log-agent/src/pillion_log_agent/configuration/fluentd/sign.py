"""Telling fluentd's configuration from fluent-bit's. Pure."""

from __future__ import annotations

import re

_SIGN = re.compile(
    r"^[ \t]*(?:<(?:source|match|filter|label|system|worker)\b|@include\b)", re.MULTILINE
)
_CLASSIC = re.compile(r"^\[\w", re.MULTILINE)


def is_fluentd(text: str) -> bool:
    """Whether a configuration that is no YAML is fluentd's and not fluent-bit's."""
    return _SIGN.search(text) is not None and _CLASSIC.search(text) is None
