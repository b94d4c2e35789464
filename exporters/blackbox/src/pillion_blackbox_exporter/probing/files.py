"""Files that a module names and that are read anew for each probe, as secrets rotate."""

from __future__ import annotations

from pillion.files import read_bounded
from pillion_blackbox_exporter.failure import ProbeError

FILE_LIMIT = 16 * 1024 * 1024


def read_bytes(path: str) -> bytes:
    """Return what is in a file.

    Raises:
        ProbeError: it cannot be read, or is larger than 16 MiB.
    """
    try:
        return read_bounded(path, FILE_LIMIT)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ProbeError("configuration", f"{path} cannot be read: {said}") from None


def read_text(path: str) -> str:
    """Return the text of a file without the blanks around it.

    Raises:
        ProbeError: it cannot be read, or is no text.
    """
    try:
        return read_bytes(path).decode().strip()
    except UnicodeDecodeError:
        raise ProbeError("configuration", f"{path} is not UTF-8 text") from None
