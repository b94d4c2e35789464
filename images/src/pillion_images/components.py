"""The table of the images: one row for each process.

What an image is at run time (user, port, entrypoint) stands in its stage of
`container/Dockerfile`; a row holds what the build and the verification need besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pillion_images.errors import ImageError

ROOT = Path(__file__).resolve().parents[3]
LOG = "/var/log/pods/0.log"
LOG_LINE = "only root and its group may read this"


@dataclass(frozen=True, slots=True)
class Check:
    """What the image is asked for when it runs as a pod would run it.

    Attributes:
        arguments: what stands in the pod's `args`.
        path: what to get from it over HTTP on loopback; empty for one that only writes.
        port: where.
        expected: text that the answer, or its standard output, must hold.
        environment: the pod's `env`.
        log: a file that is there, `root:root 0640` as a container runtime leaves its logs; its
            standard output must then hold LOG_LINE, which is in the file.
    """

    arguments: tuple[str, ...]
    expected: str
    path: str = ""
    port: int = 0
    environment: tuple[tuple[str, str], ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One process and its image.

    Attributes:
        name: of the image, of the stage in the Dockerfile, and of `requirements/NAME.txt`.
        folder: where its package stands, below the root of the repository.
        title: one line for the image's label.
        check: how to see that it works.
        aliases: paths under which the images that it replaces have their program.
        gives_way_to: programs in the image that its `args` may name instead, as
            `args: [/bin/sh, -c, ...]` does in a manifest for an image without an entrypoint.
        mount_points: folders that manifests mount volumes or files at.
        allowed: the bytes that it may add to its base.
        hosts: the components whose packages it has besides its own.
    """

    name: str
    folder: str
    title: str
    check: Check
    aliases: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()
    mount_points: tuple[str, ...] = ()
    allowed: int = 30_000_000
    hosts: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command, which is the image's entrypoint too."""
        return f"pillion-{self.name}"

    @property
    def packages(self) -> tuple[str, ...]:
        """Our own packages in its image, beside the core: as their wheels are called."""
        return tuple(f"pillion_{name.replace('-', '_')}" for name in (*self.hosts, self.name))

    @property
    def repository(self) -> str:
        """The image's name without registry and tag."""
        return f"pillion/{self.name}"


COMPONENTS = (
    Component(
        name="nginx-exporter",
        folder="exporters/nginx",
        title="Prometheus metrics of nginx, from stub_status",
        check=Check((), "nginx_up 0", path="/metrics", port=9113),
        aliases=("/usr/bin/nginx-prometheus-exporter",),
    ),
    Component(
        name="blackbox-exporter",
        folder="exporters/blackbox",
        title="Probes over HTTP, TCP, DNS, ICMP and gRPC, for Prometheus",
        check=Check(
            (),
            "probe_success 1",
            path="/probe?module=http_2xx&target=http://127.0.0.1:9115/-/healthy",
            port=9115,
        ),
        aliases=("/bin/blackbox_exporter",),
        mount_points=("/etc/blackbox_exporter", "/config"),
        # CEL and HTTP/3: cel-expr-python has 14.1 MB of compiled code, cryptography 14.4.
        allowed=48_000_000,
    ),
    Component(
        name="log-streamer",
        folder="sidecars/log-streamer",
        title="Follows log files to standard output, through every rotation",
        check=Check((LOG,), LOG_LINE, log=LOG),
        gives_way_to=("/bin/sh", "sh", "/bin/tail", "tail"),
    ),
    Component(
        name="log-agent",
        folder="sidecars/log-agent",
        title="Reads, parses, filters and ships logs, with fluent-bit's configuration",
        check=Check((), "# TYPE", path="/metrics", port=2020, log=LOG),
        aliases=("/fluent-bit/bin/fluent-bit",),
        mount_points=("/fluent-bit/etc", "/fluent-bit/log"),
    ),
    Component(
        name="sidecar",
        folder="sidecars/combined",
        title="The exporters and the log sidecars in one process",
        check=Check(
            ("--role=nginx-exporter", "--role=blackbox-exporter", "--role=log-agent"),
            'pillion_sidecar_role_up{role="log-agent"} 1',
            path="/metrics",
            port=9120,
            log=LOG,
        ),
        mount_points=("/fluent-bit/etc", "/fluent-bit/log", "/etc/blackbox_exporter"),
        # All that the others have.
        allowed=60_000_000,
        hosts=("nginx-exporter", "blackbox-exporter", "log-streamer", "log-agent"),
    ),
)


def present(root: Path = ROOT) -> tuple[Component, ...]:
    """Return the components whose packages are in this checkout."""
    return tuple(item for item in COMPONENTS if (root / item.folder / "pyproject.toml").is_file())


def chosen(names: list[str], root: Path = ROOT) -> tuple[Component, ...]:
    """Return the components of these names, or all that are present when there are none."""
    here = {item.name: item for item in present(root)}
    unknown = [name for name in names if name not in here]
    if unknown:
        raise ImageError(f"no component is called {unknown[0]}; there are {', '.join(here)}")
    return tuple(here[name] for name in names) if names else tuple(here.values())
