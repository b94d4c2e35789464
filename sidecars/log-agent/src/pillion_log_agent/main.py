"""Where the program begins: a SIGHUP must not end it while it still imports what it needs."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command; return the exit status."""
    if sys.argv[1:2] != ["replay"]:
        # As `pillion.lifecycle.signals.hold_reload` does, before that could be imported.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from pillion_log_agent.command import main as run  # 60 ms and more  # noqa: PLC0415

    return run()
