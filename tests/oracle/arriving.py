"""What has arrived at the sinks of the log agent, against what was written. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.oracle.truth import Generation, Truth

    Spans = dict[int, set[int]]

CUT = "~"
"""What stands in the identity of a piece of a line, before the offset of its end."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record of one generation, by its id.

    Attributes:
        identity: of the generation.
        start: where the record stands.
        end: where it ends, if it is a piece of a line; None where the line does.
        text: what it holds.
    """

    identity: str
    start: int
    end: int | None
    text: str

    @classmethod
    def of(cls, name: str, text: str) -> Arrival:
        """Return the arrival that an id names."""
        identity, _, offset = name.rpartition("-")
        identity, cut, end = identity.partition(CUT)
        return cls(identity, int(offset), int(end) if cut else None, text)


def most_names(generation: Generation) -> int:
    """Return under how many a generation may come.

    A second one has a copy that is read again, since its file was deleted before the next look.
    """
    return 2 if generation.may_repeat else 1


class Judge:
    """Compares arrivals with the truth; `is_filtered` knows what the agent leaves out."""

    def __init__(self, truth: Truth, is_filtered: Callable[[str], bool]) -> None:
        self._truth = truth
        self._is_filtered = is_filtered

    def see(self, arrivals: Iterable[Arrival], written: Sequence[str] | None) -> list[str]:
        """Note how far each generation has come; return what can never be right.

        Args:
            arrivals: all that bulk requests have brought, or that was put aside.
            written: all lines of the output file, None where there is none.
        """
        faults: list[str] = []
        found: dict[str, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            found[arrival.identity].append(arrival)
        spans: dict[bytes, Spans] = {}
        names: dict[bytes, list[str]] = defaultdict(list)
        for identity, its in found.items():
            generation = self._generation(its)
            if generation is None:
                continue
            names[generation.tag].append(identity)
            if len(names[generation.tag]) > most_names(generation):
                faults.append(f"{generation.tag!r} came under too many names: {names}")
            known = spans.setdefault(generation.tag, defaultdict(set))
            for start, ends in self._spans(generation, its, faults).items():
                known[start] |= ends
        files = self._spans_of_lines(written) if written is not None else None
        for tag, generation in self._truth.generations.items():
            seen = self._reach(generation, spans.get(tag, {}))
            if files is not None:
                seen = min(seen, self._reach(generation, files.get(tag, {})))
            generation.seen_to = max(generation.seen_to, seen)
        return faults

    def _generation(self, arrivals: Iterable[Arrival]) -> Generation | None:
        """Return the generation whose first line is among the arrivals."""
        for arrival in arrivals:
            if arrival.start == 0:
                return self._truth.generations.get(arrival.text.encode() + b"\n")
        return None

    @staticmethod
    def _spans(generation: Generation, arrivals: Iterable[Arrival], faults: list[str]) -> Spans:
        spans: Spans = defaultdict(set)
        for arrival in arrivals:
            end = arrival.end or _end_of_line(generation.content, arrival.start)
            if shown(generation.content[arrival.start : end]) != arrival.text:
                faults.append(
                    f"{generation.tag!r} {arrival.start}..{end}: these are not the bytes that "
                    f"were written: {arrival.text[:60]!r}"
                )
            spans[arrival.start].add(end)
        return spans

    def _spans_of_lines(self, lines: Sequence[str]) -> dict[bytes, Spans]:
        """Return what the lines of the output file may cover: each has path and offset."""
        of_path: dict[str, list[Generation]] = defaultdict(list)
        for tag, generation in self._truth.generations.items():
            of_path[tag.decode()[1:].partition(" ")[0]].append(generation)
        found: dict[bytes, Spans] = defaultdict(lambda: defaultdict(set))
        for line in lines:
            record = _record(line)
            if record is None:
                continue  # cut by a kill: it comes again, or is found missing
            for generation in of_path[record["path"].rpartition("/")[2]]:
                end = _end_of(generation.content, record["at"], record["log"])
                if end is not None:
                    found[generation.tag][record["at"]].add(end)
        return found

    def _reach(self, generation: Generation, spans: Mapping[int, set[int]]) -> int:
        """Return how far a generation has come without a gap."""
        at = 0
        content = generation.content
        while at < len(content):
            ends = spans.get(at)
            if ends:
                at = max(ends)
                continue
            end = _end_of_line(content, at)
            if not self._is_filtered(shown(content[at:end])):
                break
            at = end
        return at


def shown(line: bytes) -> str:
    """Return a line as a record has it."""
    return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")


def _end_of_line(content: bytes, start: int) -> int:
    return content.find(b"\n", start) + 1 or len(content)


def _end_of(content: bytes, start: int, text: str) -> int | None:
    """Return where a record ends: at the end of its line, or before; None where it is not there."""
    end = _end_of_line(content, start)
    if shown(content[start:end]) == text:
        return end
    least, most = start + max(len(text) // 4, 1), min(end, start + 4 * len(text))
    if most - least > 1 << 14:
        least = most = start + len(text.encode())
    return next((at for at in range(most, least - 1, -1) if shown(content[start:at]) == text), None)


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"path", "at", "log"} <= set(record) else None
