"""Families as an answer, in the format that the request asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.metrics import exposition
from pillion.web import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.metrics import Family
    from pillion.web import Request


def exposed(request: Request, families: Iterable[Family]) -> Response:
    """Return the families as text or OpenMetrics, by the request's Accept header."""
    content_type = exposition.negotiate(request.headers.get("accept", ""))
    is_openmetrics = content_type is exposition.OPENMETRICS
    render = exposition.openmetrics if is_openmetrics else exposition.text
    return Response(render(families), content_type=content_type)
