"""CEL expressions, compiled by Google's own runtime (the extra `cel`)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_COMPLAINT = re.compile(r"ERROR: <input>:\d+:(\d+): (.*?)(?: \(in container ''\))?$")
_LENGTH = 200


@lru_cache(maxsize=256)
def compiled(expression: str) -> Any:
    """Return an expression ready to be evaluated.

    Raises:
        ImportError: the extra is not installed.
        ValueError: it is no CEL, or names what there is not.
    """
    try:
        return _environment().compile(expression)
    except RuntimeError as error:
        said = str(error).splitlines()[0]
        if match := _COMPLAINT.search(said):
            said = f"{match[2].partition(' expecting ')[0]} (column {match[1]})"
        raise ValueError(
            f"{expression[:_LENGTH]!r} is not a CEL expression: {said[:_LENGTH]}"
        ) from None


@lru_cache(maxsize=1)
def _environment() -> Any:
    from cel_expr_python import cel  # 6 MB, and an extra  # noqa: PLC0415

    return cel.NewEnv(variables={"body": cel.Type.DYN})
