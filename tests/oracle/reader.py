"""The process under test: tails, writes each chunk with a headline to standard output, acks.

It is killed, stopped and started by `tests.oracle.run`. Each chunk goes out as
`C <start> <length> <identity>\\n` and its bytes; `L <key=value ...>\\n` is the ledger.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
from typing import TYPE_CHECKING

from pillion.log import Logger
from pillion.tail import Checkpoint, Tailer, TailOptions
from pillion.tail.lowlevel import PollingWaker

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--no-inotify", action="store_true")
    parser.add_argument("--full-disk", action="store_true")
    parser.add_argument("--most-files", type=int, default=0)
    parser.add_argument("--die-at", type=int, default=0)
    parser.add_argument("paths", nargs="+")
    given = parser.parse_args()
    if given.most_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (given.most_files, given.most_files))
    if given.die_at:
        die_at_save_point(given.die_at)
    options = TailOptions(
        chunk_bytes=4096,
        in_flight_bytes=65536,
        max_line_bytes=8192,
        partial_flush=0.2,
        rotate_wait=1.0,
        poll_max=0.02,
        poll_watched=0.1,
        scan_interval=0.05,
        checkpoint_interval=0.05,
    )
    checkpoint = Checkpoint(given.state)
    waker = PollingWaker() if given.no_inotify else None
    with Tailer(
        given.paths, checkpoint=checkpoint, options=options, waker=waker, log=Logger()
    ) as tailer:
        if given.full_disk:
            # No file of this process may grow from here on; a full disk says much the same.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        signal.signal(signal.SIGTERM, lambda *_: tailer.stop())
        write(b"R\n")
        for chunk in tailer:
            headline = f"C {chunk.start} {len(chunk.data)} {chunk.identity}\n"
            write(headline.encode() + chunk.data)
            chunk.ack()
        tailer.save()
        ledger = tailer.ledger
        write(
            f"L read={ledger.bytes_read} delivered={ledger.bytes_delivered} "
            f"dropped={ledger.bytes_dropped} lost={ledger.bytes_lost}\n".encode()
        )


def die_at_save_point(number: int) -> None:
    """Have the process killed at the n-th system call that makes a checkpoint safe."""
    calls = 0

    def dying(call: Callable[..., None]) -> Callable[..., None]:
        def count(*arguments: object) -> None:
            nonlocal calls
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            call(*arguments)

        return count

    os.fsync = dying(os.fsync)
    os.replace = dying(os.replace)


def write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
