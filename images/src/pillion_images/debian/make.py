"""Makes the base image and the busybox image from Debian's packages with mmdebstrap.

Unpacked, not installed: no package's scripts run, so none of what they need is there either.
The standard library is compiled by the image's own Python, in a container.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pillion_images.bases import DEBIAN_BASE, DEBIAN_BUSYBOX, PYTHON
from pillion_images.debian import contents
from pillion_images.debian.rewriting import bundle, rewrite
from pillion_images.engine import export, last_words
from pillion_images.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

# Python 3.13 is this release's.
SUITE = "trixie"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
# Scanners and SBOM tools read one file a package here, as in distroless images.
_RECORDS = "var/lib/dpkg/status.d"
_RECORD_PACKAGES = (
    'mkdir -p "$1"/{folder}; for deb in "$1"/var/cache/apt/archives/*.deb; do '
    'name=$(dpkg-deb -f "$deb" Package); dpkg-deb -f "$deb" > "$1"/{folder}/$name; done'
)
# Without docstrings and asserts, under the names that a Python without -OO looks for: as
# container/install.py does it for what stands on the base.
_COMPILE = f"""
import importlib.util, pathlib, py_compile
for source in pathlib.Path("/usr/lib/python{PYTHON}").rglob("*.py"):
    py_compile.compile(
        source, importlib.util.cache_from_source(source), doraise=True, optimize=2,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
"""


def make_base(client: docker.DockerClient, say: Callable[[str], None]) -> str:
    """Make the base image; return its name."""
    with tempfile.TemporaryDirectory(prefix="pillion-base-") as folder:
        packages, stripped = Path(folder, "packages.tar"), Path(folder, "stripped.tar")
        say("unpacking Debian's packages")
        unpack(contents.PACKAGES, packages)
        added = {path: text.encode() for path, text in contents.accounts().items()}
        with packages.open("rb") as source, stripped.open("wb") as target:
            certificates = rewrite(source, target, _stays, added)
        say("compiling the standard library")
        compiled = Path(folder, "compiled.tar")
        with stripped.open("rb") as file:
            _compile(client, file, compiled)
        final = Path(folder, "base.tar")
        with compiled.open("rb") as source, final.open("wb") as target:
            rewrite(source, target, lambda _: True, {BUNDLE: bundle(certificates)})
        with final.open("rb") as file:
            return import_image(client, file, DEBIAN_BASE)


def make_busybox(client: docker.DockerClient, say: Callable[[str], None]) -> str:
    """Make an image of the static busybox with its usual names; return its name."""
    say("unpacking Debian's busybox")
    with tempfile.TemporaryDirectory(prefix="pillion-busybox-") as folder:
        packages, final = Path(folder, "packages.tar"), Path(folder, "busybox.tar")
        unpack(("busybox-static",), packages)
        program = Path(folder, "busybox")
        with tarfile.open(packages) as archive:
            content = archive.extractfile("./usr/bin/busybox")
            if content is None:
                raise ImageError("Debian's busybox-static has no usr/bin/busybox")
            program.write_bytes(content.read())
        program.chmod(0o755)
        names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)  # noqa: S603  # the file just made
        with tarfile.open(final, "w") as archive:
            archive.add(program, "bin/busybox", filter=_plain)
            for name in names.stdout.split():
                if name != "busybox":
                    link = tarfile.TarInfo(f"bin/{name}")
                    link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                    archive.addfile(link)
            for path in ("tmp", "var/log", "etc"):
                info = tarfile.TarInfo(path)
                info.type, info.mode = tarfile.DIRTYPE, 0o1777 if path == "tmp" else 0o755
                archive.addfile(info)
        with final.open("rb") as file:
            return import_image(client, file, DEBIAN_BUSYBOX)


def unpack(packages: tuple[str, ...], target: Path) -> None:
    """Unpack packages and what they depend on, into a tar.

    With them comes base-files, which has the links of a merged /usr: without /lib64 nothing starts.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise ImageError("mmdebstrap is not on this machine; Debian's package has the same name")
    hook = _RECORD_PACKAGES.format(folder=shlex.quote(_RECORDS))
    included = ",".join(("base-files", *packages))
    command = [program, "--quiet", "--variant=extract", f"--include={included}",
               f"--extract-hook={hook}", SUITE, str(target)]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if ran.returncode:
        raise ImageError(f"mmdebstrap could not unpack {', '.join(packages)}: {ran.stderr.strip()}")


def import_image(client: docker.DockerClient, file: IO[bytes], name: str) -> str:
    """Make an image of one layer from a tar."""
    tagged = f"{name}:latest"
    client.api.import_image_from_data(file, repository=name, tag="latest")
    client.images.get(tagged)
    return tagged


def _stays(path: str) -> bool:
    return path.startswith(_RECORDS) or contents.stays(path)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = 0
    return info


def _compile(client: docker.DockerClient, stripped: IO[bytes], target: Path) -> None:
    raw = import_image(client, stripped, f"{DEBIAN_BASE}-uncompiled")
    container = client.containers.create(raw, ["python3", "-c", _COMPILE], network_mode="none")
    try:
        container.start()
        if container.wait()["StatusCode"] != 0:
            raise ImageError(f"the standard library does not compile: {last_words(container)}")
        with target.open("wb") as file:
            export(container, file)
    finally:
        container.remove(force=True)
        client.images.remove(raw, force=True)
