"""Runs an image as a pod would run it, and looks at what a user would look at."""

from __future__ import annotations

import io
import tarfile
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docker.types import Mount

from pillion_images import sizes
from pillion_images.components import LOG_LINE
from pillion_images.engine import execute, export, last_words
from pillion_images.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container

    from pillion_images.components import Component

PATIENCE = 20.0
MEMORY = "64m"
# Nobody needs these to run a service, and an intruder would be glad of them.
UNWANTED = ("pip", "pip3", "apt", "apt-get", "dpkg", "perl", "gcc", "cc", "bash", "dash", "curl",
            "wget")  # fmt: skip


def verify(client: docker.DockerClient, component: Component, image: str, base: str) -> list[str]:
    """Return what is wrong with an image; nothing when it is as it should be.

    Args:
        client: the engine.
        component: whose image it is.
        image: its name with the tag.
        base: the image that it was built on, for the sizes.
    """
    found = list(sizes.measure(client, component, image, base).complaints())
    found += _settings(component, client.images.get(image).attrs["Config"])
    with running(client, component, image) as container:
        found += _contents(component, container)
        found += _answers(component, container)
        found += _ends(container)
    return [f"{image}: {complaint}" for complaint in found]


@contextmanager
def running(client: docker.DockerClient, component: Component, image: str) -> Iterator[Container]:
    """Run an image under the restrictions of our examples: nothing writable, nothing allowed.

    A kubelet passes the image's user without its group to the runtime, and so does this.
    """
    folder, _, log = component.check.log.rpartition("/")
    volume = client.volumes.create() if log else None
    container = client.containers.create(
        image,
        list(component.check.arguments),
        user=str(client.images.get(image).attrs["Config"].get("User", "")).partition(":")[0],
        mounts=[Mount(folder, volume.name)] if volume else [],
        environment=dict(component.check.environment),
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=MEMORY,
        memswap_limit=MEMORY,
        pids_limit=64,
    )
    try:
        if log:
            container.put_archive(folder, _log_archive(log))
        container.start()
        yield container
    finally:
        container.remove(force=True)
        if volume is not None:
            volume.remove(force=True)


def _log_archive(name: str) -> bytes:
    """Return a tar with one log file as a container runtime leaves it: root:root 0640."""
    content = f"{LOG_LINE}\n".encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o640
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        file.addfile(info, io.BytesIO(content))
    return archive.getvalue()


def _settings(component: Component, settings: dict[str, Any]) -> Iterator[str]:
    user = str(settings.get("User", ""))
    numbers = user.split(":")
    if not all(part.isdecimal() for part in numbers) or numbers[0] == "0":
        yield f"its user is {user!r}, and a number other than 0 is needed"
    if settings.get("Entrypoint") != [component.command]:
        yield f"its entrypoint is {settings.get('Entrypoint')}, and not [{component.command}]"
    if settings.get("StopSignal") != "SIGTERM":
        yield "it has no STOPSIGNAL"
    asked = [f":{component.check.port}/-/healthy"] if component.hosts else []
    if (settings.get("Healthcheck") or {}).get("Test") != ["CMD", "pillion-health", *asked]:
        yield "it has no health check, or one that asks another of its ports"
    labels = settings.get("Labels") or {}
    for name in ("title", "version", "revision", "created", "licenses", "base.name"):
        if not labels.get(f"org.opencontainers.image.{name}"):
            yield f"it has no label org.opencontainers.image.{name}"


def _contents(component: Component, container: Container) -> Iterator[str]:
    files = _files(container)
    names = {path.rpartition("/")[2] for path in files if "/bin/" in f"/{path}" or "/sbin/" in path}
    for name in UNWANTED:
        if name in names:
            yield f"it holds {name}"
    for path in files:
        if path.startswith("opt/pillion/") and path.endswith(".py"):
            folder, _, name = path.rpartition("/")
            if not any(
                other.startswith(f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-")
                for other in files
            ):
                yield f"{path} is not compiled"
    if not any(path.endswith("ssl/certs/ca-certificates.crt") for path in files):
        yield "it has no CA certificates"
    if "usr/share/zoneinfo/Europe/Paris" not in files:
        yield "it has no time zones"
    for alias in component.aliases:
        # /bin is a link to /usr/bin.
        if not {alias.lstrip("/"), f"usr{alias}"} & files:
            yield f"it does not answer to {alias}"


def _files(container: Container) -> set[str]:
    with tempfile.TemporaryFile() as file:
        export(container, file)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            return {member.name for member in archive if not member.isdir()}


def _answers(component: Component, container: Container) -> Iterator[str]:
    check = component.check
    # One that hosts others listens in several places.
    where = f":{check.port}" if component.hosts else ""
    looks = [(f"{where}{check.path}", check.expected)]
    if check.log and check.path:
        looks.append(("", LOG_LINE))
    for path, expected in looks:
        answer, end = "", time.monotonic() + PATIENCE
        while expected not in answer:
            container.reload()
            if container.status != "running" or time.monotonic() > end:
                yield (
                    f"it does not show {expected!r} but {answer!r}; "
                    f"its log: {last_words(container)}"
                )
                return
            answer = ask(container, path)
            time.sleep(0.1)
    status, output = execute(container, ["pillion-health"])
    if status != 0:
        yield f"its health check fails: {output.strip()}"


def ask(container: Container, path: str) -> str:
    """Return what a process answers on a path, or has written when there is none."""
    if not path:
        return container.logs().decode(errors="replace")
    return execute(container, ["pillion-health", path])[1]


def _ends(container: Container) -> Iterator[str]:
    container.reload()
    if container.status != "running":
        return
    container.kill("SIGTERM")
    try:
        status = container.wait(timeout=PATIENCE)["StatusCode"]
    except OSError as error:
        raise ImageError(f"{container.name} does not end on SIGTERM") from error
    if status != 0:
        yield f"it ends with {status} on SIGTERM; its log: {last_words(container)}"
