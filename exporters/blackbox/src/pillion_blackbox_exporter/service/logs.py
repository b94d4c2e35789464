"""`/logs`: one probe of the history as text, by its id or by its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from pillion.masking import masked_target
from pillion_blackbox_exporter.service.debug import debug_text

if TYPE_CHECKING:
    from pillion_blackbox_exporter.service.history import History


def answer_logs(history: History, request: web.Request) -> web.Response:
    """Answer with a probe's log, metrics and module; 400 and 404 as the peer does."""
    query = request.query
    number, target, module = (query.get(name, "") for name in ("id", "target", "module"))
    if number and target:
        return _refused(400, "give the parameter id or the parameter target, not both")
    if not target and module:
        return _refused(400, "the parameter module narrows down a target; give that too")
    if target:
        entry = history.last_of(target, module)
    elif number.isascii() and number.isdecimal() and len(number) < 20:  # noqa: PLR2004
        entry = history.by_id(int(number))
    else:
        return _refused(400, "the parameter id or target is missing")
    if entry is None:
        what = f"the target {masked_target(target)!r}" if target else f"the id {number}"
        return _refused(404, f"there is no probe of {what} in the history")
    return web.Response(text=debug_text(entry.result, entry.module))


def _refused(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n")
