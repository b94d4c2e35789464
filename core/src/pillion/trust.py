"""The certificates that the system trusts, read when they are needed and not before."""

from __future__ import annotations

import os
import re
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


def system_trust() -> tuple[str | None, str | None]:
    """Return the file and the folder of what the system trusts.

    Its folder of certificates by hash alone, where there is one and the environment names no
    other: what lies there is read when it is first needed.
    """
    if folder := _folder_by_hash():
        return None, folder
    paths = ssl.get_default_verify_paths()
    return paths.cafile, paths.capath


def _folder_by_hash() -> str | None:
    """Return the system's folder of certificates by hash, unless the environment names others."""
    paths = ssl.get_default_verify_paths()
    is_chosen = os.environ.get(paths.openssl_cafile_env) or os.environ.get(paths.openssl_capath_env)
    if is_chosen or not paths.capath:
        return None
    with os.scandir(paths.capath) as entries:
        is_by_hash = any(_HASHED.fullmatch(entry.name) for entry in entries)
    return paths.capath if is_by_hash else None


@contextmanager
def folder_alone() -> Iterator[None]:
    """Have default SSL contexts that are made meanwhile read the system's folder alone.

    They trust the same certificates, and read those that they meet. Where there is no such folder
    nothing is changed.
    """
    if _folder_by_hash() is None:
        yield
        return
    variable = ssl.get_default_verify_paths().openssl_cafile_env
    before = os.environ.get(variable)
    os.environ[variable] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before
