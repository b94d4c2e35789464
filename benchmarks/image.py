"""The nginx exporter as its image has it, with the image's Python and byte-code, beside its peer.

The image's files are unpacked into a folder and run there with chroot, so that a process is
measured as every other is. `make images BASE=debian` makes the image; root is needed.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import docker
from docker.errors import ImageNotFound

from benchmarks import nginx_exporter
from pillion_images.components import ROOT
from pillion_images.engine import export
from tools.engine import NoEngineError, engine

if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    tag = os.environ.get("TAG") or (ROOT / "VERSION").read_text().strip()
    name = f"pillion/nginx-exporter:{tag}"
    try:
        with engine() as address, unpacked(address, name) as root:
            command = ("chroot", str(root), "/usr/local/bin/pillion-nginx-exporter")
            nginx_exporter.main(command, title=f"{name}, beside prometheus-nginx-exporter")
    except (NoEngineError, ImageNotFound) as error:
        print(f"{name} is not measured: {error}")


@contextmanager
def unpacked(address: str, image: str) -> Iterator[Path]:
    """Give a folder with the files of an image."""
    client = docker.DockerClient(base_url=address, version="auto")
    container = client.containers.create(image)
    try:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
            export(container, file)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                archive.extractall(folder, filter="tar")
            proc = f"{folder}/proc"
            subprocess.run(["mount", "--bind", "/proc", proc], check=True)
            try:
                yield Path(folder)
            finally:
                subprocess.run(["umount", proc], check=True)
    finally:
        container.remove(force=True)
        client.close()


if __name__ == "__main__":
    main()
