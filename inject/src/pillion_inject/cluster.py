"""What else is in the same input: the ConfigMaps that a workload may mount."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion_inject.nginx_config import StatusPage, status_pages

if TYPE_CHECKING:
    from pillion_inject.workloads import Workload


@dataclass(slots=True)
class ConfigMaps:
    """ConfigMaps by namespace and name."""

    _found: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def add(self, item: Any) -> None:
        """Take note of an object, when it is a ConfigMap."""
        metadata = item.get("metadata") or {}
        if item.get("kind") == "ConfigMap":
            key = (str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))
            self._found[key] = item.get("data") or {}

    def get(self, namespace: str, name: str) -> dict[str, str] | None:
        """Return the data of one; one without a namespace is in every namespace."""
        found = self._found.get((namespace, name))
        return self._found.get(("", name)) if found is None else found


def mounted_config_maps(found: Workload, container: Any) -> list[str]:
    """Return the names of the ConfigMaps that a container mounts."""
    mounts = {mount.get("name") for mount in container.get("volumeMounts") or ()}
    names = []
    for volume in found.spec.get("volumes") or ():
        if volume.get("name") in mounts:
            sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
            names += [
                str(source["configMap"]["name"])
                for source in sources
                if (source.get("configMap") or {}).get("name")
            ]
    return names


def nginx_containers(found: Workload) -> list[Any]:
    """Return the containers of a pod that run nginx, by the names of their images."""
    return [
        container
        for container in found.applications()
        if any(word in image_name(container) for word in ("nginx", "openresty"))
        and "exporter" not in image_name(container)
    ]


def image_name(container: Any) -> str:
    """Return the last part of an image's name: `nginx` of `registry:5000/lib/nginx:1@sha256:0`."""
    name = str(container.get("image") or "").partition("@")[0].rpartition("/")[2]
    return name.partition(":")[0]


def nginx_status(
    found: Workload, container: Any, maps: ConfigMaps
) -> tuple[list[StatusPage], list[str]]:
    """Return the status pages of an nginx container, and the ConfigMaps that are not here."""
    pages: list[StatusPage] = []
    absent = []
    for name in mounted_config_maps(found, container):
        data = maps.get(found.namespace, name)
        if data is None:
            absent.append(name)
        for text in (data or {}).values():
            pages += status_pages(str(text))
    return pages, absent
