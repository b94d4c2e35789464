"""CEL expressions over JSON content, through cel-python (the extra `cel`)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pillion_blackbox_exporter.failure import ProbeError


@lru_cache(maxsize=256)
def compiled(expression: str) -> Any:
    """Return an expression ready to be evaluated.

    Raises:
        ImportError: the extra is not installed.
        ValueError: it is no CEL.
    """
    import celpy  # noqa: PLC0415
    from celpy.celparser import CELParseError  # noqa: PLC0415

    environment = celpy.Environment()
    try:
        return environment.program(environment.compile(expression))
    except CELParseError as error:
        where = f", from column {error.column} on" if error.column else ""
        raise ValueError(f"{expression!r} is no CEL expression{where}") from None


def judge(body: bytes, must_not: str, must: str) -> None:
    """Raise ProbeError when the content is no JSON, or an expression is against it."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ProbeError("cel", "the content is no JSON") from None
    if must_not and _evaluated(must_not, data):
        raise ProbeError("cel", f"the content matches {must_not!r}")
    if must and not _evaluated(must, data):
        raise ProbeError("cel", f"the content does not match {must!r}")


def _evaluated(expression: str, data: Any) -> bool:
    import celpy.adapter  # noqa: PLC0415
    from celpy.evaluation import CELEvalError  # noqa: PLC0415

    try:
        value = compiled(expression).evaluate({"body": celpy.adapter.json_to_cel(data)})
    except CELEvalError as error:
        said = error.args[0] if error.args else error
        raise ProbeError("cel", f"{expression!r} cannot be evaluated: {said}") from None
    if not isinstance(value, celpy.celtypes.BoolType | bool):
        raise ProbeError("cel", f"{expression!r} gives no truth value")
    return bool(value)
