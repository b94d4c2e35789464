"""`/debug/tasks`: where every task and thread stands; files, lines and functions, no values."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TASK_LIMIT = 1000
DEPTH_LIMIT = 50


async def answer_tasks(_: web.Request) -> web.Response:
    """Answer with the stacks as text."""
    return web.Response(text="\n".join(_stacks()))


def _stacks() -> Iterable[str]:
    tasks = sorted(asyncio.all_tasks(), key=lambda task: task.get_name())
    yield f"{len(tasks)} tasks, {threading.active_count()} threads\n"
    for task in tasks[:TASK_LIMIT]:
        yield f"task {task.get_name()}:"
        yield from _awaited(task.get_coro())
        yield ""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001  # the documented way
        yield f"thread {names.get(ident, ident)}:"
        summary = traceback.StackSummary.extract(
            traceback.walk_stack(frame), limit=20, lookup_lines=False
        )
        yield from (_place(each.filename, each.lineno or 0, each.name) for each in summary)
        yield ""


def _awaited(coroutine: Any) -> Iterator[str]:
    """Yield where a coroutine waits, and where that for which it waits does."""
    for _ in range(DEPTH_LIMIT):
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            return
        yield _place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _place(file: str, line: int, function: str) -> str:
    return f"  {file}:{line} {function}"
