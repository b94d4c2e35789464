"""Configurations with the peer's verdict and ours; the table of differences is written from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pillion.configuration import Document

FOLDER = Path(__file__).parent / "configurations"


@dataclass(frozen=True)
class Verdict:
    """What becomes of one file: `accepted` or `refused`, and why where that differs."""

    file: str
    peer: str
    ours: str
    why: str = ""


def verdicts() -> list[Verdict]:
    data = Document.read(str(FOLDER / "verdicts.yaml")).data
    return [Verdict(file, **row) for file, row in data.items()]


def differences() -> str:
    """Return the rows that differ as a table in Markdown."""
    rows = ["| configuration | blackbox_exporter | here | why |", "|---|---|---|---|"]
    rows += [
        f"| {row.file.removesuffix('.yml').replace('-', ' ')} | {row.peer} | {row.ours} | {row.why} |"
        for row in verdicts()
        if row.peer != row.ours
    ]
    return "\n".join(rows) + "\n"
