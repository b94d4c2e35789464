"""The same rotation on the file systems that a pod's logs lie on."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests import needs
from tests.core.tail.conftest import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    """Mount something on a folder of its own; only root may."""
    needs.root("mounting a file system")
    subprocess.run(["mount", *arguments, str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    """An overlay whose lower layer, as an image's, holds the log already."""
    layers = {name: tmp_path / name for name in ("lower", "upper", "work", "merged")}
    for layer in layers.values():
        layer.mkdir()
    (layers["lower"] / "a.log").write_bytes(b"from the image\n")
    options = "lowerdir={lower},upperdir={upper},workdir={work}".format_map(layers)
    with mounted(layers["merged"], "-t", "overlay", "overlay", "-o", options) as folder:
        yield folder


def rotate_and_read(folder: Path) -> bytes:
    """Append, rotate, truncate and delete under a tailer; return all that it read."""
    bench = Bench(folder)
    bench.open("a.log")
    try:
        read = bench.read()
        bench.append("a.log", b"one\n")
        read += bench.read()
        bench.append("a.log", b"two\n")
        os.rename(bench.path("a.log"), bench.path("a.log.1"))
        bench.append("a.log", b"three\n")
        read += bench.read()
        os.truncate(bench.path("a.log"), 0)
        bench.append("a.log", b"4\n")
        read += bench.read()
        os.unlink(bench.path("a.log"))
        bench.append("a.log", b"five\n")
        read += bench.read()
        assert bench.tailer.ledger.bytes_lost == 0
    finally:
        bench.close()
    return read


ALL = b"one\ntwo\nthree\n4\nfive\n"


def test_on_an_overlay_a_file_of_the_image_is_followed_when_it_is_copied_up(overlay: Path) -> None:
    assert rotate_and_read(overlay) == b"from the image\n" + ALL


def test_on_tmpfs(tmp_path: Path) -> None:
    with mounted(tmp_path, "-t", "tmpfs", "tmpfs") as folder:
        assert rotate_and_read(folder) == ALL


def test_on_a_directory_of_the_host_that_is_mounted_elsewhere(tmp_path: Path) -> None:
    with TemporaryDirectory() as host, mounted(tmp_path, "--bind", host) as folder:
        assert rotate_and_read(folder) == ALL
        assert Path(host, "a.log").read_bytes() == b"five\n"
