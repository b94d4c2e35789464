"""Starts the one process of this image; a build writes its name in."""

import os
import signal
import sys

# Paths under which the images that this one replaces have their program. A manifest for an
# image without an entrypoint names it first in `args`.
OTHER_NAMES = ("",)
# Programs of this image that `args` may name instead of flags.
PROGRAMS = ("",)

if len(sys.argv) > 1:
    if sys.argv[1] in PROGRAMS:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  # one of PROGRAMS
    if sys.argv[1] in OTHER_NAMES:
        del sys.argv[1]

# By itself a SIGHUP ends a process that only starts; who reloads at it takes it afterwards.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})

sys.path[:0] = ["/opt/pillion/component", "/opt/pillion/shared"]

from pillion_component.command import main  # noqa: E402  # found on the path set above

sys.exit(main())
