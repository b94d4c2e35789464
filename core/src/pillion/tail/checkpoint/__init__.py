"""Where the positions are kept, over restarts or for the life of a process."""

from pillion.tail.checkpoint.memory import MemoryCheckpoint
from pillion.tail.checkpoint.store import Checkpoint, CheckpointStore

__all__ = ["Checkpoint", "CheckpointStore", "MemoryCheckpoint"]
