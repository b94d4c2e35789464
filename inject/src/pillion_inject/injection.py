"""Adds to the pod of a workload what a request asks for, and writes the receipt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion_inject.cluster import ConfigMaps, image_name, nginx_containers, nginx_status
from pillion_inject.containers import KINDS, Sidecar
from pillion_inject.errors import InjectError, NotApplicableError
from pillion_inject.log_config import config_map, config_map_name
from pillion_inject.log_paths import check_empty_volume, log_path, writer_of
from pillion_inject.receipt import ANNOTATION, Receipt, remove
from pillion_inject.targets import target_of

if TYPE_CHECKING:
    from pillion_inject.request import Request
    from pillion_inject.workloads import Workload

PROMETHEUS = "prometheus.io/"
STATE = "pillion-state"


@dataclass(slots=True)
class Outcome:
    """What an injection did.

    Attributes:
        added: the names of the containers.
        notes: what a reader should know, a sentence each.
        config_map: the ConfigMap of the agent, which belongs beside the workload.
    """

    added: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    config_map: dict[str, Any] | None = None


def inject(found: Workload, request: Request, maps: ConfigMaps) -> Outcome:
    """Add the sidecars; what an earlier injection added is replaced, and its request kept.

    Raises:
        NotApplicableError: the workload has not what is asked for; it may be half changed then.
        InjectError: it cannot be done to this workload.
    """
    earlier = remove(found)
    if earlier:
        request = request.on_top_of(earlier.request)
    _check(found, request)
    return _Injection(found, request, maps).run()


def _check(found: Workload, request: Request) -> None:
    spec = found.spec
    if (spec.get("os") or {}).get("name") == "windows" or (spec.get("nodeSelector") or {}).get(
        "kubernetes.io/os"
    ) == "windows":
        raise NotApplicableError(f"{found}: its pods are for Windows; the images are for Linux")
    if found.is_a_job and not request.is_native:
        raise NotApplicableError(
            f"{found}: without native sidecars (Kubernetes 1.29) a sidecar never ends, and the Job "
            "would never complete; see --exit.when-file of the log streamer"
        )


class _Injection:
    def __init__(self, found: Workload, request: Request, maps: ConfigMaps) -> None:
        self.found = found
        self.request = request
        self.maps = maps
        self.receipt = Receipt(request)
        self.outcome = Outcome()
        self.annotations: dict[str, str] = {}

    def run(self) -> Outcome:
        request = self.request
        sidecars = []
        if request.nginx:
            sidecars.append(self.nginx())
        if request.probe:
            sidecars.append(self.probe())
        if request.logs:
            sidecars.append(self.logs())
        for sidecar in sidecars:
            self.add(sidecar)
        self.annotate()
        return self.outcome

    def nginx(self) -> Sidecar:
        uri = self.request.nginx_uri or self.status_page()
        return Sidecar("nginx-exporter", [f"--nginx.scrape-uri={uri}"])

    def status_page(self) -> str:
        containers = nginx_containers(self.found)
        if not containers:
            images = ", ".join(str(one.get("image")) for one in self.found.applications())
            raise NotApplicableError(
                f"{self.found}: no container runs nginx ({images}); where one does under another "
                "name, say where its status page is: --nginx-uri=http://localhost:8080/stub_status"
            )
        missing = []
        for container in containers:
            pages, absent = nginx_status(self.found, container, self.maps)
            missing += absent
            if pages:
                usable = next((page for page in pages if not page.is_denied), pages[0])
                if usable.is_denied:
                    self.outcome.notes.append(
                        f"{self.found}: {usable.uri} does not allow 127.0.0.1: add "
                        "`allow 127.0.0.1;` to its location"
                    )
                return usable.uri
        where = f"; ConfigMap {missing[0]!r} is not in the input, add it with -f" if missing else ""
        raise NotApplicableError(
            f"{self.found}: no location with stub_status was found in the configuration of "
            f"container {str(containers[0]['name'])!r}{where}; add one (`location = /stub_status "
            "{ stub_status; allow 127.0.0.1; deny all; }`) or say where it is: "
            "--nginx-uri=http://localhost/stub_status"
        )

    def probe(self) -> Sidecar:
        request = self.request
        target, module = request.probe_target, request.probe_module or "http_2xx"
        if not target:
            target, found = target_of(self.found)
            module = request.probe_module or found
        self.annotations |= {
            "prometheus.io/path": "/probe",
            "prometheus.io/target": target,
            "prometheus.io/module": module,
        }
        return Sidecar("blackbox-exporter")

    def logs(self) -> Sidecar:
        kind = self.request.log_sidecar
        paths = [log_path(text) for text in self.request.logs]
        mounts: list[dict[str, Any]] = []
        for path in paths:
            mount = self.shared(path.folder)
            if mount not in mounts:
                mounts.append(mount)
        self.volume(STATE, {"emptyDir": {"sizeLimit": "64Mi"}})
        mounts.append({"name": STATE, "mountPath": "/state"})
        patterns = [path.pattern for path in paths]
        if kind == "log-streamer":
            return Sidecar(kind, ["--state.dir=/state", *patterns], [], mounts)
        name = self.request.log_config
        if not name:
            name = config_map_name(self.found)
            self.outcome.config_map = config_map(self.found, patterns)
        self.volume("pillion-log-config", {"configMap": {"name": name}})
        mounts.append(
            {"name": "pillion-log-config", "mountPath": "/etc/log-agent", "readOnly": True}
        )
        environment = [
            {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
            for name, path in (
                ("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace"),
            )
        ]  # fmt: skip
        return Sidecar(kind, ["-c", "/etc/log-agent/fluent-bit.yaml"], environment, mounts)

    def shared(self, folder: str) -> dict[str, Any]:
        """Return the sidecar's mount of a folder; a volume is added where there is none."""
        container, mount = writer_of(self.found, folder, self.request.container)
        if mount is None:
            check_empty_volume(self.found, folder)
            name = f"pillion-logs{folder.replace('/', '-').replace('_', '-').lower()}"
            name = "".join(sign for sign in name if sign.isalnum() or sign == "-")[:63].strip("-")
            self.volume(name, {"emptyDir": {}})
            self.mount(container, {"name": name, "mountPath": folder})
            self.outcome.notes.append(
                f"{self.found}: {folder} of container {str(container['name'])!r} was in the "
                "container's own layer; it is an emptyDir now, empty when the pod starts"
            )
            return {"name": name, "mountPath": folder, "readOnly": True}
        copied = {
            key: str(mount[key])
            for key in ("name", "mountPath", "subPath", "subPathExpr")
            if key in mount
        }
        if "subPathExpr" in copied:
            raise InjectError(
                f"{self.found}: the volume at {copied['mountPath']} has a subPathExpr, which needs "
                "the application's variables; mount it without, or use subPath"
            )
        return copied | {"readOnly": True}

    def volume(self, name: str, source: dict[str, Any]) -> None:
        spec = self.found.spec
        if name in self.receipt.volumes:
            return
        if any(volume.get("name") == name for volume in spec.get("volumes") or ()):
            raise InjectError(f"{self.found}: a volume {name!r} is there already; rename it")
        self.ensure(spec, "volumes", "volumes", list)
        spec["volumes"].append({"name": name, **source})
        self.receipt.volumes.append(name)

    def mount(self, container: Any, mount: dict[str, Any]) -> None:
        name = str(container["name"])
        if mount["mountPath"] in self.receipt.mounts.get(name, ()):
            return
        self.ensure(container, "volumeMounts", f"{name}.volumeMounts", list)
        container["volumeMounts"].append(mount)
        self.receipt.mounts.setdefault(name, []).append(mount["mountPath"])

    def ensure(self, parent: Any, key: str, path: str, kind: type) -> None:
        if parent.get(key) is None:
            self.receipt.created[path] = "null" if key in parent else "absent"
            parent[key] = kind()

    def add(self, sidecar: Sidecar) -> None:
        spec = self.found.spec
        self.refuse_a_second(sidecar.kind)
        key = "initContainers" if self.request.is_native else "containers"
        port = self.free_port(sidecar.kind)
        built = sidecar.container(
            port=port,
            is_native=self.request.is_native,
            is_root_pod=(spec.get("securityContext") or {}).get("runAsUser") == 0,
            image_prefix=self.request.image_prefix,
        )
        self.ensure(spec, key, key, list)
        spec[key].append(built)
        self.receipt.containers.append(sidecar.kind)
        self.outcome.added.append(sidecar.kind)
        if sidecar.kind == "blackbox-exporter" or "prometheus.io/port" not in self.annotations:
            self.annotations |= {"prometheus.io/scrape": "true", "prometheus.io/port": str(port)}

    def refuse_a_second(self, kind: str) -> None:
        for container in self.found.all_containers():
            if any(peer in image_name(container) for peer in KINDS[kind].peers):
                raise NotApplicableError(
                    f"{self.found}: container {str(container['name'])!r} "
                    f"({container.get('image')}) does this already; change its image to Pillion's, "
                    "which takes the same flags, or take it out first"
                )
            if container["name"] == kind:
                raise InjectError(f"{self.found}: a container {kind!r} is there already; rename it")

    def free_port(self, kind: str) -> int:
        used = {
            port.get("containerPort")
            for container in self.found.all_containers()
            for port in container.get("ports") or ()
        }
        port = KINDS[kind].port
        while port in used:
            port += 10
        if port != KINDS[kind].port:
            self.outcome.notes.append(
                f"{self.found}: port {KINDS[kind].port} is taken; {kind} listens on {port}"
            )
        return port

    def annotate(self) -> None:
        pod = self.found.pod
        self.ensure(pod, "metadata", "metadata", dict)
        self.ensure(pod["metadata"], "annotations", "annotations", dict)
        annotations = pod["metadata"]["annotations"]
        theirs = [str(key) for key in annotations if str(key).startswith(PROMETHEUS)]
        if theirs:
            self.outcome.notes.append(
                f"{self.found}: its annotations {', '.join(theirs)} are kept as they are; "
                "Prometheus finds the sidecars by the names of their ports (*-metrics)"
            )
        else:
            annotations.update(self.annotations)
            self.receipt.annotations += self.annotations
        annotations[ANNOTATION] = self.receipt.encode()
