"""Folders as a kubelet lays them out, with the symlinks that it makes for ConfigMaps."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_MODE = 0o644
_generations = itertools.count(1)


def write_keys(folder: Path, data: dict[str, str], modes: Mapping[str, int] | None = None) -> None:
    """Write a ConfigMap's keys, or new values into a folder that has older ones; modes by key.

    Each key is a link to `..data/KEY`, and `..data` a link to a folder of one generation;
    an update swaps that one link and removes the old folder. Source: Kubernetes,
    pkg/volume/util/atomic_writer.go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generation = folder / f"..2026_01_01_00_00_00.{next(_generations)}"
    generation.mkdir()
    for key, value in data.items():
        path = generation / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
        path.chmod((modes or {}).get(key, DEFAULT_MODE))
    current = folder / "..data"
    old = folder / current.readlink() if current.is_symlink() else None
    fresh = folder / "..data_tmp"
    fresh.symlink_to(generation.name)
    fresh.rename(current)
    _link_keys(folder, {key.partition("/")[0] for key in data})
    if old is not None:
        shutil.rmtree(old)


def make_empty(folder: Path) -> None:
    """Make an emptyDir: everyone in the pod may write to it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)


def give_to_group(folder: Path, group: int, *, is_writable: bool) -> None:
    """Do for a volume what `fsGroup` asks for: the group owns all of it, and may read or write.

    Source: Kubernetes, pkg/volume/volume_linux.go.
    """
    for path in (folder, *folder.rglob("*")):
        os.chown(path, -1, group, follow_symlinks=False)
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode) | (0o660 if is_writable else 0o440)
        path.chmod(mode | (0o2110 if path.is_dir() else 0))


def _link_keys(folder: Path, names: set[str]) -> None:
    for path in list(folder.iterdir()):
        if path.is_symlink() and not path.name.startswith("..") and path.name not in names:
            path.unlink()
    for name in names:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
