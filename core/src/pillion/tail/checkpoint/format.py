"""The text of a checkpoint: a headline, then one line for each generation. Pure.

    pillion-tail 2 <CRC-32 of the rest, hex> <wall time of the last look, ns> <entries>
    state TAB ordinal TAB device TAB inode TAB position TAB size TAB head length TAB head sum TAB
    trail length TAB trail sum TAB identity TAB path TAB birth time, ns TAB began at, ns

Version 1 ends with the path; what it does not say is 0.
`state` is `whole`, `middle` or `skipping`, with `+done` where the generation is read to its end
and was let go. In a path, tab, newline and `%` are written as `%09`, `%0A` and `%25`. A format of
our own, since `json` and `msgspec` cost 1.2 and 5.4 MB of RSS.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import fsdecode, fsencode
from typing import TYPE_CHECKING, cast
from zlib import crc32

from pillion.tail.fingerprint import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.tail.fingerprint import FileKey
    from pillion.tail.lines import LineState

MAGIC = b"pillion-tail"
VERSION = b"2"
_STATES = ("whole", "middle", "skipping")
_ESCAPES = ((b"%", b"%25"), (b"\t", b"%09"), (b"\n", b"%0A"))
_FIELDS = {b"1": 12, b"2": 14}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a checkpoint keeps of one generation.

    Attributes:
        path: where the generation was found.
        key: device and inode.
        ordinal: which one it is of the generations of its path.
        identity: its name; empty until something was read.
        fingerprint: its content up to the acknowledged position.
        size: bytes it had when it was last looked at.
        line: how things stand at the position.
        is_done: read to its end, acknowledged, and let go.
        birth_ns: when its file was created; 0 where that is not known.
        began_ns: wall time of the last look at its path before it was there; a copy of it was
            made later than that.
    """

    path: str
    key: FileKey
    ordinal: int
    identity: str
    fingerprint: Fingerprint
    size: int
    line: LineState = "whole"
    is_done: bool = False
    birth_ns: int = 0
    began_ns: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole checkpoint.

    Attributes:
        entries: one for each generation.
        looked_ns: wall time before which every file had been looked at, in nanoseconds.
    """

    entries: tuple[Entry, ...] = ()
    looked_ns: int = 0


class UnreadableError(ValueError):
    """The text is no checkpoint that can be read; the message says what is wrong with it."""


def encode_entry(entry: Entry) -> bytes:
    """Return the line of one entry."""
    path = fsencode(entry.path)
    for plain, escaped in _ESCAPES:
        path = path.replace(plain, escaped)
    mark = entry.fingerprint
    state = f"{entry.line}+done" if entry.is_done else entry.line
    return (
        f"{state}\t{entry.ordinal}\t{entry.key[0]}\t{entry.key[1]}\t{mark.position}\t{entry.size}\t"
        f"{mark.head_length}\t{mark.head_sum}\t{mark.trail_length}\t{mark.trail_sum}\t"
        f"{entry.identity}\t"
    ).encode() + b"%b\t%d\t%d" % (path, entry.birth_ns, entry.began_ns)


def encode(lines: Iterable[bytes], looked_ns: int) -> bytes:
    """Return the whole checkpoint for the lines that `encode_entry` made."""
    rows = list(lines)
    rest = b"%d %d\n" % (looked_ns, len(rows)) + b"".join([row + b"\n" for row in rows])
    return b"%s %s %08x " % (MAGIC, VERSION, crc32(rest)) + rest


def decode(text: bytes) -> Snapshot:
    """Return what a checkpoint says.

    Raises:
        UnreadableError: it is not ours, of another version, cut short, or damaged.
    """
    magic, _, after_magic = text.partition(b" ")
    version, _, after_version = after_magic.partition(b" ")
    if magic != MAGIC:
        raise UnreadableError("it is not a checkpoint of pillion")
    fields = _FIELDS.get(version)
    if fields is None:
        raise UnreadableError(f"it has version {version[:20]!r}, and this program reads 1 and 2")
    checksum, _, rest = after_version.partition(b" ")
    if checksum != b"%08x" % crc32(rest):
        raise UnreadableError("its checksum does not match, so it is damaged or cut short")
    headline, *rows = rest.split(b"\n")
    try:
        looked, count = headline.split(b" ")
        entries = tuple([_decode_entry(row, fields) for row in rows[: int(count)]])
        return Snapshot(entries, int(looked))
    except ValueError as error:
        raise UnreadableError(f"it holds a line that makes no sense ({error})") from None


def _decode_entry(row: bytes, expected: int) -> Entry:
    fields = row.split(b"\t")
    if len(fields) != expected:
        raise ValueError(f"{len(fields)} fields in place of {expected}")
    state, done = fields[0].decode().removesuffix("+done"), fields[0].endswith(b"+done")
    if state not in _STATES:
        raise ValueError(f"state {state!r}")
    ordinal, device, inode, position, size, *sums = [int(field) for field in fields[1:10]]
    path = fields[11]
    birth_ns, began_ns = [int(field) for field in fields[12:]] or (0, 0)
    for plain, escaped in reversed(_ESCAPES):
        path = path.replace(escaped, plain)
    return Entry(
        path=fsdecode(path),
        key=(device, inode),
        ordinal=ordinal,
        identity=fields[10].decode(),
        fingerprint=Fingerprint(position, *sums),
        size=size,
        line=cast("LineState", state),
        is_done=done,
        birth_ns=birth_ns,
        began_ns=began_ns,
    )
