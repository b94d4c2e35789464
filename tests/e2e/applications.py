"""Images of the applications that manifests run, out of Debian's packages."""

from __future__ import annotations

import io
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
    name = "pillion-e2e/numbers-api:latest"
    files = {
        "Dockerfile": f'FROM {base}\nCOPY api.py /api.py\nENTRYPOINT ["python3", "/api.py"]\n',
        "api.py": (Path(__file__).parent / "numbers_api.py").read_text(),
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=name, rm=True)
    return name
