"""The images that ours stand on: one row for each choice of `--base`."""

from __future__ import annotations

from dataclasses import dataclass

# The minor version of Python in every base: compiled wheels and byte-code are made for it.
PYTHON = "3.13"

DEBIAN_BASE = "pillion/base"
DEBIAN_BUSYBOX = "pillion/busybox"


@dataclass(frozen=True, slots=True)
class Base:
    """What an image is built with and on.

    Attributes:
        builder: an image with Python, where dependencies are unpacked and compiled. It needs
            neither pip nor a shell.
        runtime: what our images are built on: Python, time zones, CA certificates.
        busybox: where a component that needs `sh` takes it from; statically linked.
        python: the path of Python in `runtime`.
    """

    builder: str
    runtime: str
    busybox: str
    python: str


BASES = {
    "distroless": Base(
        builder="docker.io/library/python:3.13-slim-trixie",
        runtime="gcr.io/distroless/python3-debian13:nonroot",
        busybox="docker.io/library/busybox:1.37-musl",
        python="/usr/bin/python3",
    ),
    # What `pillion-images base` makes from Debian's packages, for where nothing can be pulled.
    "debian": Base(
        builder=DEBIAN_BASE,
        runtime=DEBIAN_BASE,
        busybox=DEBIAN_BUSYBOX,
        python="/usr/bin/python3",
    ),
}
