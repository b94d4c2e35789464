"""Journal files as journald writes them: `systemd-journal-remote` makes them of the export format.

Source: "Journal Export Formats" of systemd.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

PROGRAM = "/usr/lib/systemd/systemd-journal-remote"
BOOT = "0" * 31 + "1"
MACHINE = "0" * 31 + "2"
START_US = 1_790_000_000_000_000

needs_journal_remote = pytest.mark.skipif(
    not Path(PROGRAM).exists() and shutil.which("systemd-journal-remote") is None,
    reason="systemd-journal-remote is not there",
)


def exported(
    texts: Iterable[str | bytes], *, first: int = 0, unit: str = "web.service", **fields: str
) -> bytes:
    """Return entries in the export format, a millisecond apart.

    Args:
        texts: the message of each.
        first: the number of the first.
        unit: that they are of.
        fields: more of them, the same in each.
    """
    found = bytearray()
    for number, text in enumerate(texts, first):
        data = text.encode() if isinstance(text, str) else text
        found += (
            f"__REALTIME_TIMESTAMP={START_US + number * 1000}\n"
            f"__MONOTONIC_TIMESTAMP={1_000_000 + number * 1000}\n"
            f"_BOOT_ID={BOOT}\n_MACHINE_ID={MACHINE}\n_SYSTEMD_UNIT={unit}\nPRIORITY=6\n"
        ).encode()
        for name, value in fields.items():
            found += f"{name}={value}\n".encode()
        # The form for any bytes, newlines among them.
        found += b"MESSAGE\n" + len(data).to_bytes(8, "little") + data + b"\n\n"
    return bytes(found)


def write(file: Path, entries: bytes) -> None:
    """Add entries to a journal file, which is made if it is not there."""
    subprocess.run(
        [PROGRAM, f"--output={file}", "-"], input=entries, check=True, capture_output=True
    )
