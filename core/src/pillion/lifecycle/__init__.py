"""The life of a process: ready, healthy, told to stop, drained. Needs no event loop."""

from pillion.lifecycle.deadline import Deadline
from pillion.lifecycle.health import Health
from pillion.lifecycle.signals import Signals, reap_orphans

__all__ = ["Deadline", "Health", "Signals", "reap_orphans"]
