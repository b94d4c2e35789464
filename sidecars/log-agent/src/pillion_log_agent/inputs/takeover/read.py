"""Taking over positions at the first start, so that a swap of images neither repeats nor skips."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from pillion.tail.lowlevel import adopt, adopted, has_checkpoint
from pillion_log_agent.inputs.takeover.position import Position, parse_pos_file, resolved

if TYPE_CHECKING:
    from pillion.log import Logger

LIMIT = 16 * 1024 * 1024
MOST_FILES = 100_000
SQLITE = b"SQLite format 3\0"
_QUERY = "SELECT name, inode, offset, rotated FROM in_tail_files ORDER BY id LIMIT ?"


def take_over(db: str, directory: str, log: Logger) -> None:
    """Make a first checkpoint of what another program has kept at `db`, where there is any.

    Raises:
        ConfigurationError: the directory of the checkpoint is in use.
    """
    if has_checkpoint(directory):
        return
    try:
        if not stat.S_ISREG(os.stat(db).st_mode):
            return
    except OSError:
        return
    try:
        program, positions = read_positions(db)
    except (OSError, ValueError) as error:
        log.error(  # noqa: TRY400  # the reason is all there is to say
            "positions of the program before cannot be taken over; files are read from where "
            "read_from_head says",
            file=db,
            reason=error,
        )
        return
    entries = []
    gone = 0
    for ordinal, each in enumerate(resolved(positions)):
        try:
            entry = adopted(each.path, each.inode, each.offset, ordinal)
        except OSError as error:
            why = error.strerror
            log.error("a file cannot be taken over", path=each.path, reason=why)  # noqa: TRY400  # as above
            continue
        if entry is None:
            gone += 1
        else:
            entries.append(entry)
    if adopt(directory, entries, os.stat(db).st_mtime_ns, log):
        log.info(
            "positions were taken over", program=program, file=db, files=len(entries), gone=gone
        )


def read_positions(path: str) -> tuple[str, list[Position]]:
    """Return the program that has written a file of positions, and them.

    Raises:
        OSError: it cannot be read.
        ValueError: it is of no program that is known.
    """
    with open(path, "rb") as file:
        head = file.read(len(SQLITE))
        if head == SQLITE:
            return "fluent-bit", _read_database(path)
        raw = head + file.read(LIMIT)
    if len(raw) > LIMIT:
        raise ValueError(f"it has more than {LIMIT} bytes")
    return "fluentd", parse_pos_file(raw.decode("utf-8", "surrogateescape"))


def _read_database(path: str) -> list[Position]:
    import sqlite3  # 2 MB, and only where there is such a file  # noqa: PLC0415

    where = f"file:{quote(os.path.abspath(path))}"
    # Its journal cannot be made where the directory may not be written: then it is left out.
    how = "mode=ro" if os.access(os.path.dirname(path) or ".", os.W_OK) else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{where}?{how}", uri=True)) as database:
            rows = database.execute(_QUERY, (MOST_FILES,)).fetchall()
    except sqlite3.Error as error:
        raise ValueError(f"it is no database of fluent-bit's tail: {error}") from None
    return [
        Position(name, inode, offset, bool(rotated))
        for name, inode, offset, rotated in rows
        if isinstance(name, str) and isinstance(inode, int) and isinstance(offset, int)
    ]
