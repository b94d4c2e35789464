"""Pushes images, and lists the ones that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_images import progress
from pillion_images.building import COMPONENT_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    from pillion_images.components import Component


def push(
    client: docker.DockerClient,
    component: Component,
    registry: str,
    tag: str,
    say: Callable[[str], None],
) -> str:
    """Push an image to a registry under the same name; return that with the digest.

    Args:
        client: the engine; who may push is what it was logged in with.
        component: whose image it is.
        registry: host, port and path, as `ghcr.io/someone`.
        tag: of the image here and there.
        say: told each layer that is through.
    """
    repository = f"{registry.rstrip('/')}/{component.repository}"
    image = client.images.get(f"{component.repository}:{tag}")
    image.tag(repository, tag)
    for line in progress.lines(client.api.push(repository, tag, stream=True, decode=True)):
        say(line)
    digests = client.images.get(f"{repository}:{tag}").attrs.get("RepoDigests") or []
    return next((name for name in digests if name.startswith(f"{repository}@")), repository)


def images(client: docker.DockerClient) -> Iterator[tuple[str, str, float]]:
    """Return the images of ours that this engine has: name, revision, megabytes."""
    for image in client.images.list(filters={"label": COMPONENT_LABEL}):
        for name in image.tags:
            revision = image.labels.get("org.opencontainers.image.revision", "")
            yield name, revision[:12], image.attrs["Size"] / 1_000_000
