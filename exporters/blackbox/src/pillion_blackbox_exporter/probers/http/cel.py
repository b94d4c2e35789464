"""CEL expressions over JSON content, through Google's own runtime (the extra `cel`).

Every number of JSON is a double, as it is for blackbox_exporter. An expression may go through
10,000 items of lists and maps, the runtime's bound: no content makes it slow.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from pillion_blackbox_exporter.configuration.cel import compiled
from pillion_blackbox_exporter.failure import ProbeError

_LENGTH = 200


def judge(body: bytes, must_not: str, must: str) -> None:
    """Raise ProbeError when the content is no JSON, or an expression is against it."""
    text = body.decode("utf-8", "replace")  # as Go's JSON takes it
    try:
        data = json.loads(text, parse_int=float, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ProbeError("cel", "the content is not JSON") from None
    if must_not and _evaluated(must_not, data):
        raise ProbeError("cel", f"the content matches {must_not!r}")
    if must and not _evaluated(must, data):
        raise ProbeError("cel", f"the content does not match {must!r}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _evaluated(expression: str, data: Any) -> bool:
    try:
        found = compiled(expression).eval(data={"body": data})
        value = found.value()
    except RuntimeError as error:
        raise _broken(expression, str(error)) from None
    if found.type().name() == "ERROR":
        raise _broken(expression, str(value))
    if not isinstance(value, bool):
        raise ProbeError("cel", f"{expression!r} does not evaluate to true or false")
    return value


def _broken(expression: str, said: str) -> ProbeError:
    reason = re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]$", "", said)
    return ProbeError("cel", f"{expression!r} cannot be evaluated: {reason[:_LENGTH]}")
