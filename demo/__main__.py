"""`make demo`: a real application measured by every Pillion process, live in the terminal.

Ends on Ctrl-C, or after DURATION seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from demo.blackbox import BlackboxPart
from demo.log_agent import LogAgentPart
from demo.log_streamer import LogStreamerPart
from demo.nginx import NginxPart
from demo.screen import Screen
from demo.stage import Stage

if TYPE_CHECKING:
    from demo.stage import Part

INTERVAL = 1.0


def parts() -> list[Part]:
    """Return what the demo shows, in order; each process adds its part here."""
    nginx = NginxPart()
    return [nginx, BlackboxPart(nginx), LogStreamerPart(), LogAgentPart()]


def main() -> int:
    """Run the demo; return the exit status."""
    duration = float(os.environ.get("DURATION", "inf"))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    showing = parts()
    with Stage() as stage:
        for part in showing:
            part.start(stage)
        screen = Screen(sys.stdout, showing)
        began = time.monotonic()
        while not ended.wait(INTERVAL):
            screen.draw()
            if time.monotonic() - began >= duration:
                break
        screen.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
