"""How large images are, layer by layer, against what they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import docker

    from pillion_images.components import Component

MEGABYTE = 1_000_000
BASE_LIMIT = 60 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Size:
    """The bytes of one image's unpacked layers.

    Attributes:
        image: its name with the tag.
        base: what the image that it stands on has.
        shared: the layer of the core and what the core needs; the same in every image.
        own: all that follows.
        allowed: what the two may have together.
    """

    image: str
    base: int
    shared: int
    own: int
    allowed: int = 30 * MEGABYTE

    @property
    def total(self) -> int:
        """What the image has in all."""
        return self.base + self.shared + self.own

    def complaints(self) -> list[str]:
        """Return what is larger than it may be."""
        added = self.shared + self.own
        found = []
        if self.base > BASE_LIMIT:
            found.append(f"{self.image}: the base has {_megabytes(self.base)} MB, 60 are allowed")
        if added > self.allowed:
            allowed = self.allowed // MEGABYTE
            found.append(
                f"{self.image} adds {_megabytes(added)} MB to its base, {allowed} are allowed"
            )
        return found


def measure(client: docker.DockerClient, component: Component, image: str, base: str) -> Size:
    """Measure an image of a component that was built on `base`."""
    underneath = client.images.get(base)
    layers = [entry["Size"] for entry in reversed(client.images.get(image).history())]
    added = [size for size in layers[len(underneath.history()) :] if size]
    return Size(
        image, int(underneath.attrs["Size"]), sum(added[:1]), sum(added[1:]), component.allowed
    )


def table(sizes: Iterable[Size]) -> str:
    """Return the sizes as a table in text, in megabytes."""
    rows: list[tuple[str, ...]] = [("image", "base", "shared", "own", "total")]
    rows += [
        (size.image, *(_megabytes(part) for part in (size.base, size.shared, size.own, size.total)))
        for size in sizes
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f}"
