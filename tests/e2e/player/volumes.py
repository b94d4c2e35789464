"""A pod's volumes: made on this machine, mounted into containers, removed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import docker.types

from tests.e2e.player import environment
from tests.e2e.player.folders import DEFAULT_MODE, give_to_group, make_empty, write_keys
from tests.e2e.player.quantities import number

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from tests.e2e.player.manifest import Container, Document, Pod

Sources = dict[str, dict[str, dict[str, str]]]


class Volumes:
    """The volumes of one pod.

    `hostPath` stands for a folder below `host/`, so that a test decides what a node holds.
    """

    def __init__(
        self, client: docker.DockerClient, pod: Pod, folder: Path, sources: Sources, token: str
    ) -> None:
        self._client = client
        self._pod = pod
        self._folder = folder
        self._sources = sources
        self._token = token
        self._address = ""
        self._in_memory: dict[str, Any] = {}

    def folder(self, name: str) -> Path:
        """Return the folder of a volume on this machine."""
        return self._folder / self._pod.name / name

    def make_in_memory(self) -> list[docker.types.Mount]:
        """Make what is in memory; return mounts that keep it for as long as the pod lives.

        The engine forgets such a volume when the last container that has it ends.
        """
        mounts = []
        for name, volume in self._pod.volumes.items():
            empty = volume.get("emptyDir", {})
            # A limit is kept by a file system of that size, so that it can be full.
            if "sizeLimit" in empty or empty.get("medium") == "Memory":
                made = self._in_memory[name] = self._tmpfs(name, empty)
                mounts.append(docker.types.Mount(f"/volumes/{name}", made.name, type="volume"))
        return mounts

    def make(self, address: str) -> None:
        """Make every other volume; `address` is the pod's."""
        self._address = address
        for name, volume in self._pod.volumes.items():
            if name in self._in_memory:
                continue
            if "emptyDir" in volume:
                make_empty(self.folder(name))
                self._give_to_group(name, is_writable=True)
            elif "hostPath" in volume:
                if volume["hostPath"].get("type") == "DirectoryOrCreate":
                    self._on_host(volume).mkdir(parents=True, exist_ok=True)
            else:
                self.write(name, self._keys(volume))

    def write(self, name: str, data: dict[str, str]) -> None:
        """Write the keys of a volume, as they are at first or after an update."""
        write_keys(self.folder(name), data, self._modes(self._pod.volumes[name], data))
        self._give_to_group(name, is_writable=False)

    def remove(self) -> None:
        """Remove what is not a folder; folders go with the test's."""
        for volume in self._in_memory.values():
            volume.remove(force=True)

    def mounts(self, container: Container) -> list[docker.types.Mount]:
        """Return what a container mounts."""
        return [self._mount(item) for item in container.get("volumeMounts", [])]

    def _tmpfs(self, name: str, volume: Document) -> Any:
        size = int(number(volume.get("sizeLimit", "64Mi")))
        group = self._pod.security.get("fsGroup")
        owner = "mode=0777" if group is None else f"mode=2777,gid={group}"
        options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={size},{owner}"}
        return self._client.volumes.create(f"{self._pod.name}-{name}", driver_opts=options)

    def _give_to_group(self, name: str, *, is_writable: bool) -> None:
        group = self._pod.security.get("fsGroup")
        if group is not None:
            give_to_group(self.folder(name), group, is_writable=is_writable)

    def _modes(self, volume: Document, data: dict[str, str]) -> dict[str, int]:
        """Return the mode of each key: its own, else the volume's."""
        (about,) = [volume[kind] for kind in volume if kind != "name"]
        sources = about.get("sources")
        parts = [about] if sources is None else [next(iter(source.values())) for source in sources]
        own = {
            item["path"]: item["mode"]
            for part in parts
            for item in part.get("items") or []
            if "mode" in item
        }
        modes = dict.fromkeys(data, about.get("defaultMode", DEFAULT_MODE)) | own
        if "fsGroup" in self._pod.security:
            # A token is for its owner alone, until the group is given it.
            modes |= dict.fromkeys([part["path"] for part in parts if "path" in part], 0o600)
        return modes

    def _keys(self, volume: Document) -> dict[str, str]:
        if "downwardAPI" in volume:
            return self._downward(volume["downwardAPI"])
        if "projected" in volume:
            return self._projected(volume["projected"])
        kind = "configMap" if "configMap" in volume else "secret"
        return self._data(kind, volume[kind])

    def _data(self, kind: str, volume: Document) -> dict[str, str]:
        data = self._sources[kind][volume.get("name") or volume["secretName"]]
        items = volume.get("items")
        return {item["path"]: data[item["key"]] for item in items} if items else data

    def _downward(self, volume: Document) -> dict[str, str]:
        return {
            item["path"]: environment.field_of(
                self._pod, self._address, item["fieldRef"]["fieldPath"]
            )
            for item in volume["items"]
        }

    def _projected(self, volume: Document) -> dict[str, str]:
        data: dict[str, str] = {}
        for source in volume["sources"]:
            ((kind, what),) = source.items()
            if kind == "serviceAccountToken":
                data[what["path"]] = self._token
            else:
                data |= self._downward(what) if kind == "downwardAPI" else self._data(kind, what)
        return data

    def _on_host(self, volume: Document) -> Path:
        path: str = volume["hostPath"]["path"]
        return self._folder / "host" / path.strip("/")

    def _mount(self, mount: Document) -> docker.types.Mount:
        name, target = mount["name"], mount["mountPath"].rstrip("/")
        read_only = bool(mount.get("readOnly"))
        if name in self._in_memory:
            made = self._in_memory[name].name
            # Docker would give it the mode of what the image has there.
            return docker.types.Mount(
                target, made, type="volume", read_only=read_only, no_copy=True
            )
        volume, path = self._pod.volumes[name], self.folder(name)
        if "hostPath" in volume:
            path = self._on_host(volume)
        if "subPath" in mount:
            path = (path / mount["subPath"]).resolve()
        return docker.types.Mount(target, str(path), type="bind", read_only=read_only)
