"""Following files that are written to: nothing lost, nothing held in memory, over restarts.

with Tailer(["/var/log/app/*.log"], checkpoint=Checkpoint("/state")) as tailer:
    for chunk in tailer:  # or `async for`
        deliver(chunk.data)  # whole lines, as bytes
        chunk.ack()  # only now does the position move
"""

from pillion.tail.checkpoint import Checkpoint
from pillion.tail.chunk import Chunk
from pillion.tail.handing_on import OpenFiles
from pillion.tail.ledger import Ledger
from pillion.tail.options import FromLine, LastLines, TailOptions
from pillion.tail.patterns import check_pattern
from pillion.tail.receipt import Receipt, ReceiptSource, merge
from pillion.tail.status import FileStatus
from pillion.tail.tailer import Tailer
from pillion.tail.wake import PollingWaker, Waker
from pillion.tail.watching import WatchingWaker

__all__ = [
    "Checkpoint",
    "Chunk",
    "FileStatus",
    "FromLine",
    "LastLines",
    "Ledger",
    "OpenFiles",
    "PollingWaker",
    "Receipt",
    "ReceiptSource",
    "TailOptions",
    "Tailer",
    "Waker",
    "WatchingWaker",
    "check_pattern",
    "merge",
]
