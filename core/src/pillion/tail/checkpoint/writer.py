"""Keeping the checkpoint: what goes into it, and when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.tail.checkpoint.format import Entry, Snapshot, encode_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.log import Logger
    from pillion.tail.checkpoint.store import CheckpointStore
    from pillion.tail.follower import Follower
    from pillion.tail.generation import Generation
    from pillion.tail.registry import Registry

COST_FACTOR = 50
"""A write that takes long is made less often: it may cost 2 % of the time."""


class CheckpointWriter:
    """Turns what is known into a checkpoint; without a directory, into nothing.

    Attributes:
        snapshot: what was there at the start.
        is_dirty: something has changed since the last write.
        due: when the next write may be made.
    """

    __slots__ = ("_checkpoint", "_interval", "_lines", "due", "is_dirty", "snapshot")

    def __init__(self, checkpoint: CheckpointStore | None, interval: float, log: Logger) -> None:
        self._checkpoint = checkpoint
        self._interval = interval
        self._lines: dict[int, tuple[Entry, bytes]] = {}
        self.snapshot = checkpoint.load(log) if checkpoint is not None else Snapshot()
        self.is_dirty = False
        self.due = 0.0

    @property
    def is_kept(self) -> bool:
        """Whether there is a checkpoint at all."""
        return self._checkpoint is not None

    @property
    def is_fresh(self) -> bool:
        """Whether there was none before, so that files are met for the first time."""
        was_lost = self._checkpoint is not None and self._checkpoint.was_lost
        return not self.snapshot.looked_ns and not was_lost

    def save(
        self,
        followers: Iterable[Follower],
        registry: Registry,
        pending: Iterable[Entry],
        looked_ns: int,
    ) -> bool:
        """Write the checkpoint if something has changed; return whether it is safe on disk."""
        if self._checkpoint is None or not self.is_dirty:
            return True
        generations = [
            generation
            for follower in followers
            for generation in follower.generations
            if not generation.is_spent
        ]
        positions = [generation.acked for generation in generations]
        rows = [self._line(generation) for generation in generations]
        if len(self._lines) > len(generations):
            lines = self._lines
            self._lines = {id(each): lines[id(each)] for each in generations}
        rows += [encode_entry(entry) for entry in registry.done()]
        rows += [encode_entry(entry) for entry in pending]
        is_safe = self._checkpoint.save(rows, looked_ns)
        self.is_dirty = not is_safe
        if is_safe:
            for generation, position in zip(generations, positions, strict=True):
                generation.note_saved(position)
        return is_safe

    def wait_after(self, started: float, ended: float) -> None:
        """Set when the next write may be made, by what this one took."""
        self.due = ended + max(self._interval, COST_FACTOR * (ended - started))

    def close(self) -> None:
        """Let the directory go."""
        if self._checkpoint is not None:
            self._checkpoint.close()

    def _line(self, generation: Generation) -> bytes:
        """Return the line of a generation, made anew only where it has changed."""
        entry = generation.entry()
        kept = self._lines.get(id(generation))
        if kept is not None and kept[0] == entry:
            return kept[1]
        line = encode_entry(entry)
        self._lines[id(generation)] = (entry, line)
        return line
