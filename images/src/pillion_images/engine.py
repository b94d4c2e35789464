"""The one place where the engine is talked to; its errors become sentences here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from pillion_images.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from docker.models.containers import Container

# A build step or a push may be silent for a while.
PATIENCE = 600


@contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """Connect to the engine that DOCKER_HOST names, or the machine's own."""
    try:
        client = docker.from_env(timeout=PATIENCE)
    except DockerException as error:
        raise ImageError(
            f"no Docker engine answers ({error}); start one or set DOCKER_HOST. As root on "
            "Debian, `python -m tools.engine COMMAND` starts one for a command alone"
        ) from error
    try:
        yield client
    except ImageNotFound as error:
        raise ImageError(f"there is no such image: {error.explanation}") from error
    except APIError as error:
        raise ImageError(f"the engine refused: {error.explanation or error}") from error
    finally:
        client.close()


def export(container: Container, file: IO[bytes]) -> None:
    """Write a container's file system into a file, as a tar."""
    for block in cast("Iterable[bytes]", container.export()):  # the stubs say str
        file.write(block)


def execute(container: Container, command: Sequence[str]) -> tuple[int, str]:
    """Run a command in a container; return its exit status and all its output."""
    status, output = container.exec_run(list(command))
    return int(status or 0), cast("bytes", output).decode(errors="replace")


def last_words(container: Container) -> str:
    """Return the end of a container's log."""
    return container.logs(tail=20).decode(errors="replace").strip()
