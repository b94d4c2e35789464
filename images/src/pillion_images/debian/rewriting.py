"""Tars of file systems, rewritten while they are read: some entries go, some come."""

from __future__ import annotations

import io
import tarfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What an engine puts into every container, and has no place in an image.
_OF_THE_ENGINE = (".dockerenv", "dev/", "proc/", "sys/", "run/")
_EMPTIED = ("etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", "etc/fstab")


def rewrite(
    source: IO[bytes],
    target: IO[bytes],
    stays: Callable[[str], bool],
    added: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Copy a tar, leaving out what does not stay; every time stamp becomes zero.

    Args:
        source: the tar that is read.
        target: where the new one goes.
        stays: asked with each file's and link's path, without a slash in front.
        added: files to put in at the end, by path.

    Returns:
        The CA certificates that passed by, by path, for the bundle that is made of them.
    """
    certificates: dict[str, bytes] = {}
    with (
        tarfile.open(fileobj=source, mode="r|*") as old,
        tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in old:
            path = member.name.removeprefix("./").strip("/")
            if not path or _is_of_the_engine(path) or (not member.isdir() and not stays(path)):
                continue
            member.name, member.mtime, member.pax_headers = path, 0, {}
            content = old.extractfile(member) if member.isreg() else None
            if content is not None and path.endswith(".crt"):
                certificates[path] = content.read()
                content = io.BytesIO(certificates[path])
            new.addfile(member, content)
        for path, data in (added or {}).items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o644
            new.addfile(info, io.BytesIO(data))
    return certificates


def bundle(certificates: Mapping[str, bytes]) -> bytes:
    """Return the one file of CA certificates that TLS libraries read."""
    return b"".join(data.strip() + b"\n" for _, data in sorted(certificates.items()))


def _is_of_the_engine(path: str) -> bool:
    return path in _EMPTIED or path.startswith(_OF_THE_ENGINE)
