"""What a tailer is made of, for who drives one by other means or puts a part of it to use."""

from pillion.tail.checkpoint import CheckpointStore
from pillion.tail.checkpoint.format import Snapshot
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
    "Waker",
]
