"""What is sent to the engine to build from: a tar of the files that one image needs."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING

from pillion_images import requirements
from pillion_images.components import ROOT
from pillion_images.errors import ImageError
from pillion_images.wheelhouse import fetch

if TYPE_CHECKING:
    from pathlib import Path

    from pillion_images.components import Component

CONTAINER = ROOT / "images" / "container"
CACHE = ROOT / ".images"


@dataclass(frozen=True, slots=True)
class Layers:
    """The files of the two layers of an image, and the pip that unpacks them.

    Attributes:
        shared: wheels that every image has; a folder with its requirements.txt.
        component: wheels of one component beyond those.
        pip: the folder with pip's own wheel.
    """

    shared: Path
    component: Path
    pip: Path


def layers(component: Component, platform: str) -> Layers:
    """Fetch the wheels of an image, split into what all images share and what is its own."""
    pins = ROOT / "requirements"
    shared = (pins / "core.txt").read_text()
    own = requirements.beyond((pins / f"{component.name}.txt").read_text(), shared)
    wheels = CACHE / "wheels"
    return Layers(
        shared=fetch(shared, platform, wheels),
        component=fetch(own, platform, wheels),
        pip=fetch((pins / "pip.txt").read_text(), platform, wheels),
    )


def write(component: Component, found: Layers, dist: Path, file: IO[bytes]) -> None:
    """Write the context of one image as a tar.

    Args:
        component: whose image it is.
        found: the wheels that it needs.
        dist: the folder with our own wheels, as `make wheels` leaves it.
        file: where to.
    """
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("Dockerfile", "passwd", "install.py", "launcher.py", "health.py"):
            _add(archive, name, (CONTAINER / name).read_bytes())
        _add(archive, "pip.whl", _only(found.pip, "pip-*.whl").read_bytes())
        for layer, folder, packages in (
            ("shared", found.shared, ("pillion",)),
            ("component", found.component, component.packages),
        ):
            for path in sorted(folder.iterdir()):
                _add(archive, f"{layer}/{path.name}", path.read_bytes())
            for package in packages:
                wheel = _only(dist, f"{package}-[0-9]*.whl")
                _add(archive, f"{layer}/ours/{wheel.name}", wheel.read_bytes())
        _add(archive, "component/component.json", _described(component))


def _described(component: Component) -> bytes:
    package = component.command.replace("-", "_")
    row = asdict(component) | {"command": component.command, "package": package}
    return json.dumps(row).encode()


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise ImageError(
            f"{folder} holds {len(found)} files like {pattern}, and one is needed; "
            "`make clean wheels` makes our own again"
        )
    return found[0]


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    # Owner, mode and time are left at their plain values: the same files, the same build.
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))
