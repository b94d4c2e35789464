"""What was written, against what came out: the judgement of the oracle. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Generation:
    """What was written to one file between its creation and its rotation.

    Attributes:
        tag: its first bytes, that no other generation has.
        content: all of it.
        inode: of the file it was last in.
        seen_to: how far it has come out, without a gap.
        may_lose: it was deleted where nobody held it open: a documented exception.
        is_deleted: there is no file with it any more.
        is_left_behind: the link that led to it leads elsewhere now.
        copied_from: the inode of the file that it was copied from; 0 for none.
        may_repeat: that file was deleted since, so that nothing tells whose copy it is.
    """

    tag: bytes
    content: bytes = b""
    inode: int = 0
    seen_to: int = 0
    may_lose: bool = False
    is_deleted: bool = False
    is_left_behind: bool = False
    copied_from: int = 0
    may_repeat: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether all of it has come out."""
        return self.seen_to == len(self.content)


@dataclass(slots=True)
class Truth:
    """Every generation of every path, and how far each has come out.

    Attributes:
        generations: all of them, by tag.
        may_repeat: a reader was killed, or could not write its state, before this run.
        faults: what came out and should not have, or not in this order.
        repeated: bytes that came out more than once.
    """

    generations: dict[bytes, Generation] = field(default_factory=dict)
    may_repeat: bool = False
    faults: list[str] = field(default_factory=list)
    repeated: int = 0
    _of_identity: dict[str, Generation] = field(default_factory=dict)
    _run: dict[str, int] = field(default_factory=dict)
    _kept: dict[str, int] = field(default_factory=dict)

    def create(self, path: str) -> Generation:
        """Begin a generation of a path."""
        tag = f"<{path} {len(self.generations)}>\n".encode()
        generation = self.generations[tag] = Generation(tag)
        return generation

    def begin_run(self, kept: dict[str, int], *, may_repeat: bool) -> None:
        """Begin with a new reader, for which the checkpoint keeps these positions."""
        self._run = {}
        self._kept = kept
        self.may_repeat = may_repeat

    def take(self, identity: str, start: int, data: bytes) -> None:
        """Judge one chunk."""
        generation = self._of_identity.get(identity)
        if generation is None:
            generation = self._meet(identity, start, data)
            if generation is None:
                return
        end = start + len(data)
        where = f"{generation.tag!r} {start}..{end}"
        if generation.content[start:end] != data:
            self.faults.append(f"{where}: these are not the bytes that were written")
        if start > generation.seen_to:
            self.faults.append(f"{where}: a gap, {generation.seen_to} is how far it had come")
        first = identity not in self._run
        if not first and start != self._run[identity]:
            self.faults.append(f"{where}: out of order, {self._run[identity]} was next")
        if first and start < self._kept.get(identity, 0):
            self.faults.append(f"{where}: repeats what was safe at {self._kept[identity]}")
        if start < generation.seen_to:
            self.repeated += generation.seen_to - start
            if not (self.may_repeat or generation.may_repeat):
                self.faults.append(f"{where}: comes twice, though nobody was killed")
        self._run[identity] = end
        generation.seen_to = max(generation.seen_to, end)

    def missing(self) -> list[str]:
        """Return what has not come out, and had no excuse."""
        return [
            f"{g.tag!r}: {g.seen_to} of {len(g.content)} bytes"
            for g in self.generations.values()
            if not g.is_seen and not g.may_lose
        ]

    def lost(self) -> int:
        """Return how many bytes have not come out, excused or not."""
        return sum(len(g.content) - g.seen_to for g in self.generations.values())

    def _meet(self, identity: str, start: int, data: bytes) -> Generation | None:
        tag = data[: data.find(b">\n") + 2]
        generation = self.generations.get(tag)
        if generation is None:
            tag = next((t for t in self.generations if t.startswith(data) or data in t), b"")
            generation = self.generations.get(tag)
        if generation is None or start != 0:
            self.faults.append(f"{identity} begins at {start} with {data[:40]!r}")
            return None
        self._of_identity[identity] = generation
        return generation
