"""The work: from files to standard output, in one thread that may block and never drops."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pillion.lifecycle import Deadline
from pillion.process.memory import keep_large_blocks
from pillion.tail import Checkpoint, Tailer, TailOptions
from pillion.tail.lowlevel import PollingWaker
from pillion_log_streamer.labels import PodLabels
from pillion_log_streamer.outputs.output import Names, load
from pillion_log_streamer.settings import StreamSettings, TailSettings
from pillion_log_streamer.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion.settings import Values
    from pillion_log_streamer.outputs.output import Output

LONGEST_WAIT = 1.0
"""After so long it looks whether it should end, even where no file gives a reason to wake."""


class Streamer:
    """Reads, writes and acknowledges until it is told to stop and has come to the end.

    Attributes:
        tailer: what reads.
        turned_at: when the loop last turned; a figure for health.
    """

    def __init__(
        self,
        values: Values,
        log: Logger,
        sink: Sink,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        keep_large_blocks()
        stream = values[StreamSettings]
        self._stream = stream
        self._log = log
        self._sink = sink
        self._clock = clock
        self._deadline: Deadline | None = None
        self._stopped_at = 0.0
        self.turned_at = clock()
        self.tailer = Tailer(
            values.arguments,
            checkpoint=Checkpoint(stream.state_dir) if stream.state_dir is not None else None,
            options=tail_options(values),
            waker=None if stream.inotify else PollingWaker(),
            log=log,
        )
        paths = self.tailer.patterns
        self._output = self._chosen_output(paths)

    @property
    def is_blocked(self) -> bool:
        """Whether it waits for the reader of standard output."""
        return self._sink.is_blocked

    @property
    def moved(self) -> int:
        """How many bytes went out so far."""
        return self._sink.moved

    def stop(self, within: float) -> None:
        """Come to the end of every file and then end, within so many seconds.

        May be called from a signal handler and from any thread.
        """
        if self._deadline is None:
            self._deadline = Deadline(within, self._clock)
            self._stopped_at = self._clock()
        self.tailer.waker.wake()

    def run(self, exits_within: float) -> None:
        """Work until told to stop, or until the file of `--exit.when-file` is there.

        Raises:
            StdoutClosedError: nobody reads any more.
        """
        turn = self._pump if self._output is None else self._render
        moved_at = self._clock()
        while not self._is_over(moved_at):
            if turn():
                moved_at = self._clock()
                self.turned_at = moved_at
                continue
            if self._deadline is None and self._should_exit():
                self._log.info("the file to end for is there", path=self._stream.exit_when_file)
                self.stop(exits_within)
            self.tailer.wait(self._longest_wait())
            self.turned_at = self._clock()
        self._finish(turn)

    def close(self) -> None:
        """Write the checkpoint and sum up."""
        self.tailer.close()
        ledger = self.tailer.ledger
        self._log.info(
            "delivered all that was read" if not ledger.bytes_in_flight else "ended",
            read_bytes=ledger.bytes_read,
            delivered_bytes=ledger.bytes_delivered,
            dropped_bytes=ledger.bytes_dropped,
            in_flight_bytes=ledger.bytes_in_flight,
            lost_bytes=ledger.bytes_lost,
            read_lines=ledger.lines_read,
        )

    def _chosen_output(self, paths: tuple[str, ...]) -> Output | None:
        """Return what renders chunks; None where the bytes of one file pass as they are."""
        stream = self._stream
        is_one = len(paths) == 1 and not self.tailer.has_globs
        name = stream.output or ("raw" if is_one else "prefix")
        if name == "raw" and is_one:
            return None
        return load(name, Names(paths), PodLabels(stream.labels_file, self._log))

    def _pump(self) -> bool:
        return self.tailer.pump(self._sink.copy) > 0

    def _render(self) -> bool:
        chunks = self.tailer.step()
        assert self._output is not None
        for chunk in chunks:
            self._sink.write(self._output.render(chunk))
            chunk.ack()
        return bool(chunks)

    def _is_over(self, moved_at: float) -> bool:
        deadline = self._deadline
        if deadline is None:
            return False
        quiet_since = max(moved_at, self._stopped_at)
        return deadline.passed or self._clock() - quiet_since >= self._stream.drain_quiet

    def _longest_wait(self) -> float:
        if self._deadline is None:
            return LONGEST_WAIT
        return min(self._stream.drain_quiet / 4, self._deadline.remaining)

    def _should_exit(self) -> bool:
        path = self._stream.exit_when_file
        return path is not None and os.path.exists(path)  # noqa: PTH110  # pathlib costs 1 MB

    def _finish(self, turn: Callable[[], bool]) -> None:
        """Deliver the unfinished last lines, too."""
        self.tailer.stop()
        assert self._deadline is not None
        while not self.tailer.is_finished and not self._deadline.passed:
            if not turn() and not self.tailer.is_finished:
                self.tailer.wait(self._longest_wait())


def stdout(values: Values) -> Sink:
    """Return standard output.

    Where space is reclaimed, bytes are copied: what `splice` has put into a pipe are the pages of
    the file, and a hole that is punched into them may reach the reader.
    """
    return Sink(may_splice=not values[StreamSettings].reclaim)


def tail_options(values: Values) -> TailOptions:
    """Return the options of the engine that the settings ask for."""
    stream = values[StreamSettings]
    return TailOptions(
        exclude=stream.exclude,
        start=values[TailSettings].lines,
        max_line_bytes=stream.max_line_bytes,
        in_flight_bytes=max(2 * 1024 * 1024, stream.max_line_bytes + 1),
        long_lines="truncate" if stream.long_lines == "truncate" else "split",
        partial_flush=stream.partial_flush,
        reclaim=stream.reclaim,
    )
