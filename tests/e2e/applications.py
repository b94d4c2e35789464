"""Images of the applications that manifests run, out of Debian's packages."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pillion_images.debian.make import unpack
from pillion_images.debian.rewriting import rewrite

if TYPE_CHECKING:
    import docker

_ACCOUNTS = {
    "etc/passwd": b"root:x:0:0::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
    # Folders come with a file in them.
    "var/log/nginx/.keep": b"",
    "run/.keep": b"",
}


def nginx_image(client: docker.DockerClient) -> str:
    """Make an image of Debian's nginx that starts as the official one does."""
    with tempfile.TemporaryDirectory(prefix="pillion-nginx-") as folder:
        packages, final = Path(folder, "packages.tar"), Path(folder, "nginx.tar")
        unpack(("nginx",), packages)
        with packages.open("rb") as source, final.open("wb") as target:
            rewrite(source, target, _stays, _ACCOUNTS)
        with final.open("rb") as file:
            client.api.import_image_from_data(
                file, "pillion-e2e/nginx", "latest", ['CMD ["nginx", "-g", "daemon off;"]']
            )
    return "pillion-e2e/nginx:latest"


def _stays(path: str) -> bool:
    return not path.startswith(("usr/share/doc/", "usr/share/man/", "usr/share/locale/"))


def numbers_api_image(client: docker.DockerClient, base: str) -> str:
    """Make an image of the API that fails after some calls, on our own base."""
    api = (Path(__file__).parent / "numbers_api.py").read_bytes()
    return _on(client, base, "numbers-api", {"api.py": api}, ["python3", "/api.py"])


def prometheus_image(client: docker.DockerClient, base: str, program: str) -> str:
    """Make an image of this machine's Prometheus, with the entrypoint of the official one."""
    content = Path(program).read_bytes()
    return _on(client, base, "prometheus", {"bin/prometheus": content}, ["prometheus"])


def _on(
    client: docker.DockerClient,
    base: str,
    name: str,
    files: dict[str, bytes],
    entrypoint: list[str],
) -> str:
    lines = [f"FROM {base}", *(f"COPY {path} /{path}" for path in files)]
    files = {
        "Dockerfile": "\n".join([*lines, f"ENTRYPOINT {json.dumps(entrypoint)}"]).encode(),
        **files,
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
    context.seek(0)
    tag = f"pillion-e2e/{name}:latest"
    client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
    return tag
