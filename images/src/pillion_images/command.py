"""The command `pillion-images`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pillion_images import __version__, sizes
from pillion_images.bases import BASES, Base
from pillion_images.building import Build, build
from pillion_images.components import ROOT, chosen
from pillion_images.engine import engine
from pillion_images.errors import ImageError
from pillion_images.registry import images, push
from pillion_images.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one of the subcommands; return the exit status."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.action(options)
    except ImageError as error:
        print(f"pillion-images: {error}", file=sys.stderr)
        return 1
    return status


def parser() -> argparse.ArgumentParser:
    """Return the command line as it is understood."""
    top = argparse.ArgumentParser(prog="pillion-images", description=__doc__)
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    actions = top.add_subparsers(required=True, metavar="ACTION")
    _add(actions, "build", _build, "build images, and show their sizes", _of_images, _of_builds)
    _add(
        actions,
        "verify",
        _verify,
        "run images as a pod would, and check them",
        _of_images,
        _of_bases,
    )
    _add(actions, "push", _push, "push images to a registry", _of_images, _of_registries)
    _add(actions, "list", _list, "show the images that this engine has")
    _add(actions, "base", _base, "make the base from Debian's packages, for --base=debian")
    return top


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    action: Callable[[argparse.Namespace], int],
    what: str,
    *groups: Callable[[argparse.ArgumentParser], None],
) -> None:
    added = actions.add_parser(name, help=what, description=what)
    added.set_defaults(action=action)
    for group in groups:
        group(added)


def _of_images(added: argparse.ArgumentParser) -> None:
    added.add_argument("components", nargs="*", metavar="COMPONENT", help="all, when none is named")
    version = (ROOT / "VERSION").read_text().strip()
    added.add_argument("--tag", default=version, help="the images' tag (default: the version)")


def _of_bases(added: argparse.ArgumentParser) -> None:
    added.add_argument("--base", choices=BASES, default="distroless", help="what they stand on")
    added.add_argument("--builder", help="an image with Python to build in, instead of the base's")
    added.add_argument("--runtime", help="an image to stand on, instead of the base's")


def _of_builds(added: argparse.ArgumentParser) -> None:
    _of_bases(added)
    added.add_argument("--platform", help="linux/amd64 or linux/arm64 (default: the engine's own)")
    added.add_argument(
        "--dist", type=Path, default=ROOT / "dist", help="where `make wheels` put them"
    )
    added.add_argument("--no-cache", action="store_true", help="make every layer anew")
    added.add_argument("--label", action="append", default=[], metavar="NAME=VALUE")


def _of_registries(added: argparse.ArgumentParser) -> None:
    added.add_argument("--registry", required=True, help="host, port and path: ghcr.io/someone")


def _chosen_base(options: argparse.Namespace) -> Base:
    row = BASES[options.base]
    return Base(
        builder=options.builder or row.builder,
        runtime=options.runtime or row.runtime,
        busybox=row.busybox,
        python=row.python,
    )


def _build(options: argparse.Namespace) -> int:
    measured = []
    with engine() as client:
        how = Build(
            base=_chosen_base(options),
            tag=options.tag,
            platform=options.platform or f"linux/{client.version()['Arch']}",
            dist=options.dist,
            labels=tuple(_label(text) for text in options.label),
            cache=not options.no_cache,
        )
        for component in chosen(options.components):
            name = build(client, component, how, _speaker(component.name))
            measured.append(sizes.measure(client, component, name, how.base.runtime))
    print(f"\n{sizes.table(measured)}  (MB)")
    return _complain([line for size in measured for line in size.complaints()])


def _verify(options: argparse.Namespace) -> int:
    complaints = []
    base = _chosen_base(options).runtime
    with engine() as client:
        for component in chosen(options.components):
            found = verify(client, component, f"{component.repository}:{options.tag}", base)
            print(f"{component.name}: {'as it should be' if not found else 'wrong'}", flush=True)
            complaints += found
    return _complain(complaints)


def _push(options: argparse.Namespace) -> int:
    with engine() as client:
        for component in chosen(options.components):
            say = _speaker(component.name)
            print(push(client, component, options.registry, options.tag, say), flush=True)
    return 0


def _list(_: argparse.Namespace) -> int:
    with engine() as client:
        for name, revision, megabytes in sorted(images(client)):
            print(f"{name}  {revision}  {megabytes:.1f} MB")
    return 0


def _base(_: argparse.Namespace) -> int:
    from pillion_images.debian.make import make_base, make_busybox  # of this action alone  # noqa: PLC0415

    with engine() as client:
        for make in (make_base, make_busybox):
            print(make(client, _speaker("base")), flush=True)
    return 0


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ImageError(f"--label={text} has no value; NAME=VALUE is the form")
    return name, value


def _speaker(name: str) -> Callable[[str], None]:
    return lambda line: print(f"{name}: {line}", flush=True)


def _complain(complaints: list[str]) -> int:
    for line in complaints:
        print(line, file=sys.stderr)
    return 1 if complaints else 0
