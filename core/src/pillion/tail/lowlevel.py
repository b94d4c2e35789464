"""What a tailer is made of, for code that drives one itself or uses a part of it."""

from pillion.tail.checkpoint import CheckpointStore
from pillion.tail.checkpoint.adoption import adopt, adopted, has_checkpoint
from pillion.tail.checkpoint.format import Snapshot
from pillion.tail.chunk import Span
from pillion.tail.handover import OpenFiles
from pillion.tail.inotify import InotifyWaker
from pillion.tail.iteration import Sleeper
from pillion.tail.wakers import PollingWaker, Waker

__all__ = [
    "CheckpointStore",
    "InotifyWaker",
    "OpenFiles",
    "PollingWaker",
    "Sleeper",
    "Snapshot",
    "Span",
    "Waker",
    "adopt",
    "adopted",
    "has_checkpoint",
]
