"""The log streamer as a role: it reads in a thread of its own, since its output may block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_streamer.command import COMMAND, check
from pillion_log_streamer.service import LogStreamer
from pillion_sidecar.roles.role import Role

if TYPE_CHECKING:
    from pillion.process import Context


def _build(context: Context) -> LogStreamer:
    check(context.values)
    return LogStreamer(context)


ROLE = Role("log-streamer", COMMAND, _build, arguments="paths", ships_logs=True)
