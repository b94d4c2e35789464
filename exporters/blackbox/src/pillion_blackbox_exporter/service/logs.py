"""`/logs`: one probe of the history as text, by its id or by its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web import Response
from pillion_blackbox_exporter.probers.http.url import shown
from pillion_blackbox_exporter.service.debug import debug_text

if TYPE_CHECKING:
    from pillion.web import Request
    from pillion_blackbox_exporter.service.history import History


def answer_logs(history: History, request: Request) -> Response:
    """Answer with a probe's log, metrics and module; 400 and 404 as the peer does."""
    number, target = request.parameter("id"), request.parameter("target")
    module = request.parameter("module")
    if number and target:
        return Response("give the parameter id or the parameter target, not both\n", 400)
    if not target and module:
        return Response("the parameter module narrows down a target; give that too\n", 400)
    if target:
        entry = history.last_of(shown(target), module)
    elif number.isascii() and number.isdecimal() and len(number) < 20:  # noqa: PLR2004
        entry = history.by_id(int(number))
    else:
        return Response("the parameter id or target is missing\n", 400)
    if entry is None:
        what = f"the target {target!r}" if target else f"the id {number}"
        return Response(f"there is no probe of {what} in the history\n", 404)
    return Response(debug_text(entry.result, entry.module))
