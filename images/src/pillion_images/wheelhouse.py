"""The wheels that go into an image, fetched on this machine and checked by their hashes.

They are fetched here and copied into the build, not inside it: so the build needs no network
(an engine without one, or with a proxy that it does not know, builds as well), the settings of
this machine's pip, which may hold a password, stay out of the image's history, and wheels for
another platform come the same way.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

from pillion_images.bases import PYTHON
from pillion_images.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path

# What Debian 13's C library (2.41) can load, newest first; pip wants each by name.
_GLIBC = range(41, 4, -1)
_MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}


def platform_tags(platform: str) -> list[str]:
    """Return the wheel platforms that an image platform runs: `linux/arm64` -> manylinux..."""
    machine = _MACHINES.get(platform)
    if machine is None:
        raise ImageError(f"{platform} is no platform of ours; there are {', '.join(_MACHINES)}")
    return [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}"]


def fetch(requirements: str, platform: str, cache: Path) -> Path:
    """Return a folder with the wheels of a pinned requirements file, fetching them once.

    Args:
        requirements: the text of the file; every entry has its hashes.
        platform: as images have it, `linux/amd64`.
        cache: where folders of wheels are kept, one for each content and platform.
    """
    digest = hashlib.sha256(f"{platform}\n{PYTHON}\n{requirements}".encode()).hexdigest()[:16]
    folder = cache / digest
    if (folder / "requirements.txt").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    incomplete = folder / "requirements.new"
    incomplete.write_text(requirements)
    if requirements.strip():
        _download(incomplete, platform_tags(platform), folder)
    return incomplete.rename(folder / "requirements.txt").parent


def _download(requirements: Path, tags: list[str], folder: Path) -> None:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--require-hashes", "--only-binary=:all:",
        "--implementation=cp", f"--python-version={PYTHON}", f"--abi=cp{PYTHON.replace('.', '')}",
        "--abi=abi3", "--abi=none", *(f"--platform={tag}" for tag in tags),
        f"--dest={folder}", f"--requirement={requirements}",
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if ran.returncode:
        raise ImageError(f"pip could not fetch the wheels of {folder.name}: {ran.stderr.strip()}")
