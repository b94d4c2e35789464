"""Pinned requirement files as values: what is in one, and what one has over another."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def pinned(text: str) -> dict[str, str]:
    """Return the pins of a requirements file: `name -> the whole entry with its hashes`."""
    entries = (entry.strip() for entry in text.replace("\\\n", " ").splitlines())
    return {
        match[0].lower(): " ".join(entry.split())
        for entry in entries
        if not entry.startswith("#") and (match := _NAME.match(entry))
    }


def beyond(text: str, shared: str) -> str:
    """Return a requirements file with the entries of `text` that `shared` does not have."""
    known = set(pinned(shared).values())
    own = [entry for entry in pinned(text).values() if entry not in known]
    return "".join(f"{entry}\n" for entry in own)
