"""The streamer without a web server: one thread, no event loop."""

from __future__ import annotations

import gc
import signal
from typing import TYPE_CHECKING

import pillion
from pillion.lifecycle import Signals
from pillion.process import ProcessSettings
from pillion_log_streamer.streamer import Streamer, stdout

if TYPE_CHECKING:
    from types import FrameType

    from pillion.log import Logger
    from pillion.settings import Values


class _DrainTimeoutError(Exception):
    """The time to drain is up, in the middle of a write that blocks."""


def stream(values: Values, log: Logger) -> int:
    """Stream until told to stop; return the exit status."""
    process = values[ProcessSettings]
    streamer = Streamer(values, log, stdout(values))
    streamer.tailer.begin()  # what is made after it is said to have started is new
    log.info("started", version=f"pillion-log-streamer {pillion.__version__}")

    def stop(name: str) -> None:
        log.info("stopping", signal=name, within=f"{process.drain_timeout:g}s")
        # A write that blocks ends for a handler that raises, and for nothing else.
        signal.setitimer(signal.ITIMER_REAL, process.drain_timeout)
        streamer.stop(process.drain_timeout)

    # What exists now lives as long as the process: the collector need not look again.
    gc.collect()
    gc.freeze()
    before = signal.signal(signal.SIGALRM, _time_is_up)
    try:
        with Signals(on_stop=stop):
            streamer.run(process.drain_timeout)
    except _DrainTimeoutError:
        log.warning("standard output was not read in time; what is left comes after a restart")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        streamer.close()
    return 0


def _time_is_up(_number: int, _frame: FrameType | None) -> None:
    raise _DrainTimeoutError
