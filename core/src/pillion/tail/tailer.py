"""The tailer: follows files and hands out what is written to them, in chunks to acknowledge."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion.tail.checkpoint.writer import CheckpointWriter
from pillion.tail.chunk import SettledSpans
from pillion.tail.errors import PathErrors
from pillion.tail.generation import CLOSED
from pillion.tail.glob.search import GlobSearch
from pillion.tail.handover import OpenFiles
from pillion.tail.hole_punch import HolePuncher
from pillion.tail.inotify import InotifyWaker
from pillion.tail.iteration import iterate, iterate_async
from pillion.tail.opener import Opener
from pillion.tail.options import TailOptions
from pillion.tail.reader.blocks import Reader
from pillion.tail.reader.turns import Turns
from pillion.tail.reconciler import Reconciler
from pillion.tail.registry import Registry
from pillion.tail.resumption import Resumption
from pillion.tail.rotation.copies import Copies
from pillion.tail.scanner import Scanner
from pillion.tail.status import FileStatus, Ledger, status_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from pillion.tail.checkpoint.store import CheckpointStore
    from pillion.tail.chunk import Chunk
    from pillion.tail.reader.turns import Copy
    from pillion.tail.wakers import Waker


class Tailer:
    """Follows files by paths and globs, over rotation and restart.

    It needs no event loop: `step` reads what is due and returns it, `wait` sleeps until there
    may be more. Iterating does both, and so does `async for`. One thread (or loop) drives it;
    `Chunk.ack` and `stop` may be called from any.

    Attributes:
        options: how it reads.
        ledger: what became of every byte.
        waker: what ends a wait.
        checkpoint: where the positions are kept, if they are.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        checkpoint: CheckpointStore | None = None,
        options: TailOptions | None = None,
        waker: Waker | None = None,
        log: Logger | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
        handover: OpenFiles | None = None,
    ) -> None:
        log = log or Logger(level="warn")
        if options is not None and options.reclaim and checkpoint is None:
            raise ConfigurationError("reclaim needs a checkpoint: a restart would find holes")
        self.options = options = options or TailOptions()
        self.ledger = Ledger()
        self.waker: Waker = waker or InotifyWaker(log, clock)
        self.checkpoint = checkpoint
        self._clock = clock
        self._settled = SettledSpans(self.waker)
        self._discovery = GlobSearch(paths, options.exclude)  # before anything is taken or locked
        self._writer = CheckpointWriter(checkpoint, options.checkpoint_interval, log)
        self._registry = Registry(options.max_open_files)
        for entry in self._writer.snapshot.entries:
            if entry.is_done:
                self._registry.finish(entry)
        self._errors = PathErrors(log)
        self._handover = handover or OpenFiles()
        opener = Opener(self._registry, Copies(self._registry, wall_ns), self._errors, log, wall_ns)
        reader = Reader(options, self.ledger, self._settled)
        reconciler = Reconciler(options, self._registry, opener, reader, self._errors, log, wall_ns)
        self._scanner = Scanner(
            discovery=self._discovery,
            reconciler=reconciler,
            resumption=Resumption(opener, self._handover, self.ledger, log),
            waker=self.waker,
            options=options,
            writer=self._writer,
            log=log,
            wall_ns=wall_ns,
        )
        self._hole_puncher = HolePuncher(self.ledger, log) if options.reclaim else None
        self._turns = Turns(options, reader, reconciler)
        # That it has begun is worth keeping: what is rotated away from now on is to be read.
        self._writer.is_dirty = self._writer.is_fresh
        self._is_stopping = self._is_finished = self._is_closed = False
        self._watch_due = 0.0

    def begin(self) -> None:
        """Search for files, and settle where reading begins in each; else the first step does so.

        What is made afterwards is read from its beginning, whatever `TailOptions.start` says.
        """
        if self._scanner.has_begun:
            return
        now = self._clock()
        self._scanner.scan(now, self._clock)
        for follower in self._scanner.look_at_all(now):
            self._turns.queue(follower, now)

    def step(self) -> list[Chunk]:
        """Look at what is due and return what there is to read: a MiB or so, or nothing."""
        now = self._begin()
        chunks, has_named = self._turns.read(now)
        if has_named and self.options.keep_names:
            self._keep_names()
        self._end(now, is_idle=not chunks)
        return chunks

    def pump(self, copy: Copy) -> int:
        """Do as `step` does, but let the caller move the bytes, and take them as delivered.

        `copy(descriptor, offset, count)` moves up to `count` bytes of an open file to where they
        belong, and returns how many it moved (`os.splice` does so without ever bringing them
        into the process). Lines are neither kept whole nor counted.

        Returns:
            How many bytes were moved.
        """
        now = self._begin()
        moved = self._turns.pump(copy, now)
        self._writer.is_dirty |= moved > 0
        self._end(now, is_idle=not moved)
        return moved

    def wait(self, most: float | None = None) -> None:
        """Sleep until there may be something to read, for `most` seconds at most."""
        seconds = self.fall_asleep()
        if most is not None:
            seconds = min(seconds, most)
        if seconds > 0:
            self.waker.wait(seconds)
        self.wake_up()

    def fall_asleep(self) -> float:
        """Prepare to wait by other means than `wait`; return for how many seconds at most.

        Until `wake_up` is called, an acknowledgement ends the wait (see `Waker.fileno`).
        """
        if self.seconds_to_wait() <= 0:
            return 0.0
        now = self._clock()
        if now >= self._watch_due:
            self._scanner.watch(now)
            self._watch_due = now + self.options.scan_interval
        self._settled.is_asleep = True
        return self.seconds_to_wait()

    def wake_up(self) -> None:
        """End what `fall_asleep` began."""
        self._settled.is_asleep = False

    def seconds_to_wait(self) -> float:
        """Return for how long there is nothing to do; 0 when there is something now."""
        if self._turns.is_ready or self._settled:
            return 0.0
        due = self._scanner.next_due()
        if self._writer.is_kept and self._writer.is_dirty:
            due = min(due, self._writer.due)
        return max(0.0, due - self._clock())

    def stop(self) -> None:
        """Read what is there to its end, unfinished lines included, and then be finished."""
        self._is_stopping = True
        self._scanner.scan_due = 0.0  # for a file that was made since the last search
        self.waker.wake()

    @property
    def is_finished(self) -> bool:
        """Whether `stop` was called and all there is has been handed out."""
        return self._is_finished

    @property
    def is_at_end(self) -> bool:
        """Whether all that was seen at the last looks has been read and acknowledged."""
        return not self._turns.has_ready and self.ledger.bytes_in_flight == 0

    @property
    def refused(self) -> dict[str, str]:
        """The files and directories that may not be read, each with a sentence that says why."""
        return self._scanner.refused()

    @property
    def why_blind(self) -> str | None:
        """Why a path that was given literally, or all that globs find, may not be read, or None."""
        return self._scanner.why_blind()

    @property
    def open_files(self) -> int:
        """How many files are held open."""
        return self._registry.open_files

    @property
    def patterns(self) -> tuple[str, ...]:
        """The paths and globs that are followed, absolute, each once."""
        return self._discovery.patterns

    @property
    def has_globs(self) -> bool:
        """Whether one of them is a glob."""
        return self._discovery.has_globs

    def status(self) -> list[FileStatus]:
        """Return what can be said of each file that is followed."""
        now = self._clock()
        return [
            status_of(generation, now)
            for follower in list(self._scanner.followers.values())
            for generation in tuple(follower.generations)
        ]

    def save(self) -> bool:
        """Write the checkpoint now; return whether it is safe on disk (or there is none)."""
        self._settle()
        scanner, started = self._scanner, self._clock()
        is_safe = self._writer.save(
            scanner.followers.values(), self._registry, scanner.pending(), scanner.looked_ns()
        )
        self._writer.wait_after(started, self._clock())
        if self._hole_puncher is not None and is_safe:
            for generation in self._registry.held.values():
                self._hole_puncher.reclaim(generation)
        return is_safe

    def close(self) -> None:
        """Write the checkpoint for the last time and let everything go.

        Doing so again does nothing, nor does it after `handover`: the checkpoint is another's then.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._writer.is_dirty = True
        self.save()
        self._writer.close()
        for generation in list(self._registry.held.values()):
            self._registry.release(generation)
        self._handover.close()
        self.waker.close()

    def handover(self) -> OpenFiles:
        """Close, but keep the files open for a tailer that goes on from the same checkpoint.

        That one closes what it does not take up; where none follows, `OpenFiles.close` does.
        """
        self._settle()
        self._handover.gather(self._registry.held.values())
        handover, self._handover = self._handover, OpenFiles()
        self.close()
        return handover

    def __iter__(self) -> Iterator[Chunk]:
        return iterate(self)

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return iterate_async(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self) -> float:
        self.begin()
        now = self._clock()
        self._settle()
        if now >= self._scanner.scan_due:
            self._scanner.scan(now, self._clock)
        for follower in self._scanner.look(now):
            self._turns.queue(follower, now)
        if self._handover and not self._scanner.has_pending:
            self._handover.close()
        return now

    def _end(self, now: float, *, is_idle: bool) -> None:
        if is_idle and self._is_stopping and not self._turns.has_ready:
            self._turns.flush = True
            for follower in self._scanner.look_at_all(now):
                self._turns.queue(follower, now)
            self._is_finished = not self._turns.has_ready
        if self._writer.is_dirty and self._writer.is_kept and now >= self._writer.due:
            self.save()

    def _keep_names(self) -> None:
        """Have the names on disk before they are used, and those that will be needed next."""
        for follower in self._scanner.followers.values():
            for generation in follower.generations:
                if not generation.identity and generation.size and generation.descriptor != CLOSED:
                    generation.name()
        self._writer.is_dirty = True
        self.save()

    def _settle(self) -> None:
        """Take the acknowledgements that have come since the last step, in this thread."""
        for span in self._settled.drain():
            self.ledger.bytes_delivered += span.end - span.start
            self.ledger.lines_delivered += span.lines
            self._writer.is_dirty = True
            self._turns.settle(span.generation)
