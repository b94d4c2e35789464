"""Taking over the cursor that fluent-bit has left, at the first start."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pillion.log import Logger

_SQLITE = b"SQLite format 3\0"
_LONGEST = 4096
_QUERY = "SELECT cursor FROM in_systemd_cursor LIMIT 1"


def cursor_of(db: str, log: Logger) -> str | None:
    """Return the cursor in a database of fluent-bit's, None where there is none."""
    try:
        with open(db, "rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return None
    if not is_database:
        return None
    import sqlite3  # 2 MB, and only where there is such a file  # noqa: PLC0415

    # Its journal cannot be made where the directory may not be written: then it is left out.
    how = "mode=ro" if os.access(os.path.dirname(db) or ".", os.W_OK) else "immutable=1"
    where = f"file:{quote(os.path.abspath(db))}?{how}"
    try:
        with closing(sqlite3.connect(where, uri=True)) as database:
            row = database.execute(_QUERY).fetchone()
    except sqlite3.Error as error:
        log.error("the cursor of fluent-bit cannot be taken over", file=db, reason=str(error))  # noqa: TRY400  # the reason is all there is to say
        return None
    if row is None or not isinstance(row[0], str) or not 0 < len(row[0]) <= _LONGEST:
        return None
    log.info("the cursor of fluent-bit was taken over", file=db)
    return row[0]
