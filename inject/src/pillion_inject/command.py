"""The commands `pillion-inject` and `kubectl-pillion`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pillion_inject import __version__, offline
from pillion_inject.documents import File
from pillion_inject.errors import InjectError
from pillion_inject.request import NATIVE_SIDECARS, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("inject", "remove", "doctor")
EXAMPLES = """\
examples:
  pillion-inject -f shop.yaml --nginx --logs /var/log/shop > observed.yaml
  pillion-inject -f shop.yaml --probe --only deploy/api | kubectl apply -f -
  pillion-inject remove -f observed.yaml
  pillion-inject doctor -f shop.yaml --logs /var/log/shop
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line of `pillion-inject` says; return the exit status."""
    return run("pillion-inject", arguments)


def kubectl(arguments: Sequence[str] | None = None) -> int:
    """Do the same as a plugin of kubectl: `kubectl pillion inject ...`."""
    return run("kubectl-pillion", arguments)


def run(program: str, arguments: Sequence[str] | None) -> int:
    """Do one action; 1 is a failure, or a finding of the doctor."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    action = words.pop(0) if words and words[0] in ACTIONS else "inject"
    options = parser(program).parse_args(words)
    try:
        return _act(action, options)
    except InjectError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1


def parser(program: str) -> argparse.ArgumentParser:
    """Return the command line as it is understood."""
    # fmt: off
    built = argparse.ArgumentParser(
        prog=program,
        usage=f"{program} [inject|remove|doctor] -f FILE [OPTION ...]",
        description="Add sidecars to workloads of manifests, remove them, or say what is wrong.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = built.add_argument
    add("--version", action="version", version=f"%(prog)s {__version__}")
    add("-f", "--filename", action="append", default=[], metavar="FILE",
        help="a manifest, - for standard input; may be given several times")
    add("-o", "--output", metavar="FILE", help="where the result goes, instead of standard output")
    add("--in-place", action="store_true", help="write each file again")
    add("--only", action="append", default=[], metavar="KIND/NAME",
        help="this workload alone: deploy/shop; may be given several times")
    add("--nginx", action="store_true", help="add the nginx exporter")
    add("--nginx-uri", default="", metavar="URI",
        help="where stub_status is; default: found in the ConfigMaps of the input")
    add("--probe", "--blackbox", action="store_true", help="add the blackbox exporter")
    add("--probe-target", default="", metavar="URL",
        help="what to probe; default: found in the probes and ports of the containers")
    add("--probe-module", default="", metavar="NAME", help="how to probe it: http_2xx")
    add("--logs", action="append", default=[], metavar="PATH",
        help="a log file, glob or directory; may be given several times")
    add("--log-sidecar", choices=("streamer", "agent"), default="streamer",
        help="what reads the logs: the streamer writes them to standard output (default)")
    add("--log-config", default="", metavar="CONFIGMAP",
        help="the agent's ConfigMap with fluent-bit.yaml; default: one is made")
    add("--container", default="", metavar="NAME", help="the container that writes the logs")
    add("--image-prefix", default="", metavar="PREFIX", help="registry and path of the images")
    add("--kubernetes-version", default="1.29", metavar="X.Y",
        help="the cluster's; before 1.29 sidecars are ordinary containers")
    # fmt: on
    return built


def request_of(options: argparse.Namespace) -> Request:
    """Return what the options ask for.

    Raises:
        InjectError: nothing, or what does not go together.
    """
    if options.probe_module and not (options.probe or options.probe_target):
        raise InjectError("--probe-module needs --probe")
    if options.log_config and options.log_sidecar != "agent":
        raise InjectError("--log-config needs --log-sidecar=agent")
    request = Request(
        nginx=options.nginx or bool(options.nginx_uri),
        nginx_uri=options.nginx_uri,
        probe=options.probe or bool(options.probe_target),
        probe_target=options.probe_target,
        probe_module=options.probe_module,
        logs=tuple(dict.fromkeys(options.logs)),
        log_sidecar=f"log-{options.log_sidecar}",
        log_config=options.log_config,
        container=options.container,
        image_prefix=options.image_prefix,
        is_native=_version(options.kubernetes_version) >= NATIVE_SIDECARS,
    )
    if not (request.nginx or request.probe or request.logs):
        raise InjectError("nothing to add: name one or more of --nginx, --probe, --logs PATH")
    return request


def _version(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"v?(\d+)\.(\d+)\+?(?:[.+-].*)?", text)
    if not found:
        raise InjectError(f"invalid --kubernetes-version={text}: use 1.29, v1.31.2")
    return int(found[1]), int(found[2])


def _act(action: str, options: argparse.Namespace) -> int:
    request = request_of(options) if action == "inject" else None
    if not options.filename:
        raise InjectError("no manifest: -f FILE names one, -f - reads standard input")
    files = [File(name, _read(name)) for name in options.filename]
    if action == "doctor":
        found = offline.examine(files, options.only, options.logs)
        for sentence in found:
            print(sentence)
        print(f"{len(found)} found", file=sys.stderr)
        return 1 if found else 0
    if request:
        notes = offline.apply(files, options.only, request)
    else:
        notes = offline.take_out(files, options.only)
    _write(files, options)
    for note in notes:
        print(note, file=sys.stderr)
    return 0


def _read(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InjectError(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InjectError(f"{name}: not UTF-8 at byte {error.start}") from None


def _write(files: list[File], options: argparse.Namespace) -> None:
    if options.in_place:
        if "-" in options.filename:
            raise InjectError("--in-place needs files; standard input has no place")
        for file in files:
            _save(file.name, file.render())
        return
    text = joined([file.render() for file in files])
    if options.output:
        _save(options.output, text)
    else:
        sys.stdout.write(text)


def joined(texts: list[str]) -> str:
    """Return several files as one, with a separator between those that have none."""
    whole = texts[0]
    for text in texts[1:]:
        newline = "" if whole.endswith("\n") else "\n"
        whole += newline + ("" if text.startswith("---") else "---\n") + text
    return whole


def _save(name: str, text: str) -> None:
    try:
        Path(name).write_bytes(text.encode())
    except OSError as error:
        raise InjectError(f"{name}: {error.strerror}") from None
