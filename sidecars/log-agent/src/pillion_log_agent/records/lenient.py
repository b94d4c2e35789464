"""JSON that is not quite right, read as fluent-bit reads it. Pure.

Control characters may stand in strings as they are, and what comes behind an object and is no JSON
is left out. Also read are halves of surrogate pairs, and NaN.
"""

from __future__ import annotations

import json
from typing import Any

_decode = json.JSONDecoder(strict=False).raw_decode
_SPACE = " \t\r\n"


def decode_leniently(text: str | bytes) -> Any:
    """Return the value of a text, None when it has none, or another behind it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    text = text.strip(_SPACE)
    try:
        value, end = _decode(text)
    except (ValueError, RecursionError):
        return None
    rest = text[end:].lstrip(_SPACE)
    if rest:
        try:
            _decode(rest)
        except (ValueError, RecursionError):
            return value
        return None
    return value
