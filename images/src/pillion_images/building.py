"""Builds images: one stage of the Dockerfile each, over two layers of wheels."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from pillion_images import context, progress
from pillion_images.bases import DEBIAN_BASE, PYTHON, Base
from pillion_images.components import ROOT
from pillion_images.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker

    from pillion_images.components import Component

COMPONENT_LABEL = "io.pillion.component"


@dataclass(frozen=True, slots=True)
class Build:
    """How images are built.

    Attributes:
        base: what they are built with and on.
        tag: of the images made.
        platform: as the engine has it, `linux/amd64`.
        dist: the folder with our wheels.
        labels: on top of the ones that every image has.
        cache: whether a layer that the engine has made before is taken as it is.
    """

    base: Base
    tag: str
    platform: str
    dist: Path
    labels: tuple[tuple[str, str], ...] = ()
    cache: bool = True


def build(
    client: docker.DockerClient, component: Component, how: Build, say: Callable[[str], None]
) -> str:
    """Build the image of one component; return its name with the tag."""
    _check_bases(client, how)
    name = f"{component.repository}:{how.tag}"
    found = context.layers(component, how.platform)
    with tempfile.TemporaryFile() as file:
        context.write(component, found, how.dist, file)
        file.seek(0)
        messages = client.api.build(
            fileobj=file,
            custom_context=True,
            decode=True,
            nocache=not how.cache,
            rm=True,
            forcerm=True,
            tag=name,
            target=component.name,
            platform=how.platform,
            network_mode="none",
            labels=labels(component, how),
            buildargs={
                "BUILDER": how.base.builder,
                "RUNTIME": how.base.runtime,
                "BUSYBOX": how.base.busybox,
                "PYTHON": how.base.python,
            },
        )
        for line in progress.lines(messages):
            say(line)
    return name


def labels(component: Component, how: Build) -> dict[str, str]:
    """Return an image's labels, by the names of the OCI image specification's annotations."""
    version = (ROOT / "VERSION").read_text().strip()
    given = {
        "org.opencontainers.image.title": component.command,
        "org.opencontainers.image.description": component.title,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.revision": _revision(),
        "org.opencontainers.image.created": _created(),
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.base.name": how.base.runtime,
        "io.pillion.python": PYTHON,
        COMPONENT_LABEL: component.name,
    }
    return given | dict(how.labels)


def _check_bases(client: docker.DockerClient, how: Build) -> None:
    """Refuse bases that cannot be right, in better words than the engine's half way through."""
    for name in (how.base.builder, how.base.runtime):
        try:
            found = client.images.get(name).attrs
        except ImageNotFound:
            if name == DEBIAN_BASE:
                raise ImageError(f"{name} is not here; `pillion-images base` makes it") from None
            continue  # the engine pulls it
        platform = f"{found['Os']}/{found['Architecture']}"
        if platform != how.platform:
            raise ImageError(
                f"{name} is here for {platform}, and {how.platform} is asked for; build on a "
                "machine of that platform, as a release does"
            )


def _git(*words: str) -> str:
    ran = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607  # fixed words
    return ran.stdout.strip()


def _revision() -> str:
    return _git("rev-parse", "HEAD") or "unknown"


def _created() -> str:
    # The time of the commit, unless SOURCE_DATE_EPOCH says another: a rebuild is the same image.
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct") or "0"
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
