"""Runs inside a build: unpacks wheels into /out, prunes and compiles them, writes the launcher.

`install.py shared` does the core and what it needs, which is the same layer in every image;
`install.py component` does one process and what it needs beyond. It is run by whatever Python
the builder has: no pip, shell or network is expected there.
"""

from __future__ import annotations

import json
import os
import py_compile
import shutil
import struct
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

BUILD = Path("/build")
OUT = Path("/out")
PROGRAMS = "usr/local/bin"

# What a running program never opens.
UNUSED = ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.cc", "*.hpp", "py.typed", "tests", "RECORD",
          "REQUESTED", "INSTALLER", "direct_url.json", "cel_expr_python/ext",
          "bazel-project")  # fmt: skip  # the last is what cel-expr-python was built from


def main(layer: str) -> None:
    """Make the tree of one layer below `/out/LAYER`, as it is to be copied to `/`."""
    tree = OUT / layer
    packages = tree / "opt/pillion" / layer
    packages.mkdir(parents=True)
    (tree / PROGRAMS).mkdir(parents=True)
    install(BUILD / layer, packages)
    prune(packages)
    strip(packages)
    if layer == "shared":
        write_program(tree / PROGRAMS / "pillion-health", (BUILD / "health.py").read_text())
    else:
        write_component(tree, json.loads((BUILD / layer / "component.json").read_text()))
    compile_all(packages, tree)
    settle(tree)


def install(wheels: Path, packages: Path) -> None:
    """Unpack the pinned wheels, each checked by its hash, and then our own."""
    # pip runs from its own wheel, which Python can import as it is.
    pip = [
        sys.executable, str(BUILD / "pip.whl" / "pip"), "install", "--quiet", "--no-index",
        "--no-deps", "--no-compile", "--no-cache-dir", "--root-user-action=ignore",
        "--disable-pip-version-check", "--no-warn-script-location",
    ]  # fmt: skip
    pinned = wheels / "requirements.txt"
    if pinned.read_text().strip():
        run([*pip, "--require-hashes", f"--find-links={wheels}", f"--target={packages}",
             f"--requirement={pinned}"])  # fmt: skip
    # --target is fresh for each, since pip would rather replace a folder than fill it.
    for wheel in sorted((wheels / "ours").glob("*.whl")):
        fresh = packages.with_name("fresh")
        run([*pip, f"--target={fresh}", str(wheel)])
        shutil.rmtree(fresh / "bin", ignore_errors=True)
        shutil.copytree(fresh, packages, dirs_exist_ok=True)
        shutil.rmtree(fresh)


def compile_all(packages: Path, tree: Path) -> None:
    """Compile every file without its docstrings and asserts.

    It goes by the name that Python looks for without -OO, so that none has to be started with it.
    The hash in a compiled file is never checked: no source is looked at on start, and a rebuild
    gives the same bytes.
    """
    for source in packages.rglob("*.py"):
        py_compile.compile(
            str(source),
            cache_from_source(str(source)),
            f"/{source.relative_to(tree)}",
            doraise=True,
            optimize=2,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def run(command: list[str]) -> None:
    """Run a program; its failure is the build's."""
    subprocess.run(command, check=True)  # noqa: S603  # our own words


def prune(packages: Path) -> None:
    """Remove what a running program never opens."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for pattern in UNUSED:
        for path in list(packages.rglob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    # Of 25 MB that describe the services of AWS, that of STS alone is read, for roles.
    for folder in packages.glob("botocore/data/*/"):
        if folder.name != "sts":
            shutil.rmtree(folder)


def strip(packages: Path) -> None:
    """Cut what no loader reads off compiled modules: symbols and debugging information.

    They stand behind the last segment, where section headers are too, which may be absent.
    Source: elf(5). The builder has no binutils.
    """
    for path in packages.rglob("*.so"):
        content = bytearray(path.read_bytes())
        end = end_of_segments(content)
        if end is not None:
            content[40:48] = bytes(8)  # e_shoff
            content[60:64] = bytes(4)  # e_shnum, e_shstrndx
            path.write_bytes(content[:end])


def end_of_segments(content: bytes | bytearray) -> int | None:
    """Return where the last segment of a 64-bit little-endian ELF file ends, None of another."""
    if content[:6] != b"\x7fELF\x02\x01":
        return None
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    ends = [table + size * count]
    for at in range(table, table + size * count, size):
        offset, length = struct.unpack_from("<Q16xQ", content, at + 8)
        ends.append(offset + length)
    return int(max(ends))


def write_component(tree: Path, component: dict[str, list[str] | str]) -> None:
    """Write the launcher, the names that it also goes by, and the folders to mount at."""
    name = str(component["command"])
    launcher = (BUILD / "launcher.py").read_text()
    launcher = launcher.replace("pillion_component", str(component["package"]))
    launcher = launcher.replace('OTHER_NAMES = ("",)', f"OTHER_NAMES = {component['aliases']!r}")
    launcher = launcher.replace('PROGRAMS = ("",)', f"PROGRAMS = {component['gives_way_to']!r}")
    write_program(tree / PROGRAMS / name, launcher)
    for alias in component["aliases"]:
        link(tree / merged(alias), f"/{PROGRAMS}/{name}")
    for program in component["gives_way_to"]:
        if program.startswith("/"):
            link(tree / merged(program), "busybox")
    for folder in component["mount_points"]:
        (tree / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)


def merged(path: str) -> str:
    """Return where a path truly is: /bin is a link to /usr/bin, which a layer must not replace."""
    return f"usr{path}" if path.startswith("/bin/") else path.lstrip("/")


def write_program(path: Path, text: str) -> None:
    """Write a Python program that the image's Python runs."""
    # -s and -P: nothing from a user's folder, nor from beside the program, is imported.
    path.write_text(f"#!{os.environ['PYTHON']} -sP\n{text}")
    path.chmod(0o755)


def link(path: Path, target: str) -> None:
    """Make a symbolic link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def settle(tree: Path) -> None:
    """Give every file one time and plain modes, so that a rebuild gives the same layer."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)


if __name__ == "__main__":
    main(sys.argv[1])
