"""Following files that are written to: nothing lost, nothing held in memory, over restarts.

with Tailer(["/var/log/app/*.log"], checkpoint=Checkpoint("/state")) as tailer:
    for chunk in tailer:  # or `async for`
        deliver(chunk.data)  # whole lines, as bytes
        chunk.ack()  # only now does the position move

What takes a tailer apart (its wakers, its waits, the files that it hands over) is in
`pillion.tail.lowlevel`.
"""

from pillion.tail.checkpoint import Checkpoint, MemoryCheckpoint
from pillion.tail.chunk import Chunk
from pillion.tail.glob.patterns import check_pattern
from pillion.tail.options import FromLine, LastLines, TailOptions
from pillion.tail.receipt import Receipt, ReceiptSource, merge
from pillion.tail.status import FileStatus, Ledger
from pillion.tail.tailer import Tailer

__all__ = [
    "Checkpoint",
    "Chunk",
    "FileStatus",
    "FromLine",
    "LastLines",
    "Ledger",
    "MemoryCheckpoint",
    "Receipt",
    "ReceiptSource",
    "TailOptions",
    "Tailer",
    "check_pattern",
    "merge",
]
