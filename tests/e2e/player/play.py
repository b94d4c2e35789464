"""Plays a pod on Docker, as a kubelet would on a node.

One network namespace, held by a container that does nothing; init containers in order, native
sidecars among them before what follows, then the containers; at the end SIGTERM to the
containers, then to the sidecars in the opposite order, then SIGKILL to what is left.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import docker.errors

from pillion.testing import Answer, Scrape
from tests.e2e.player import environment, host, probes
from tests.e2e.player.account import with_account
from tests.e2e.player.ending import end
from tests.e2e.player.manifest import Container, Document, Pod, pod, sources
from tests.e2e.player.volumes import Volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import docker
    from docker.models.containers import Container as Running

T = TypeVar("T")

PATIENCE = 30.0
_PAUSE = ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 1000 & wait $!; done"]


@dataclass
class Node:
    """Where pods are played.

    Attributes:
        client: the engine.
        images: for an image's name in a manifest, the image that is run.
        folder: holds the volumes, and below `host/` what `hostPath` names.
        pause: the image that holds the network namespace.
        hosts: names that pods resolve, as services of a cluster would be.
        authority: the certificate of the cluster's API, in PEM; without it there is no API, and
            no pod has a service account.
        token: of every service account.
    """

    client: docker.DockerClient
    images: Mapping[str, str]
    folder: Path
    pause: str
    hosts: dict[str, str] = field(default_factory=dict)
    authority: str = ""
    token: str = ""

    @contextmanager
    def play(
        self, found: list[Document], name: str | None = None, *, late: str = ""
    ) -> Iterator[Playing]:
        """Run the pod among documents, with the ConfigMaps and Secrets beside it.

        A container that is `late` starts when the test begins it, as one whose image is pulled.
        """
        what, config_maps = pod(found, name), sources(found, "ConfigMap")
        if self.authority:
            what = with_account(what)
            config_maps["kube-root-ca.crt"] = {"ca.crt": self.authority}
        playing = Playing(self, what, config_maps, sources(found, "Secret"))
        try:
            playing.start(late)
            yield playing
        finally:
            playing.remove()


class Playing:
    """A pod that runs."""

    def __init__(
        self,
        node: Node,
        what: Pod,
        config_maps: dict[str, dict[str, str]],
        secrets: dict[str, dict[str, str]],
    ) -> None:
        self.pod = what
        self.address = ""
        self._node = node
        self._sources = {"configMap": config_maps, "secret": secrets}
        self._running: dict[str, Running] = {}
        # Those that ended and were started anew; `kubectl logs --previous` shows the last.
        self._previous: list[Running] = []
        self._pause: Running | None = None
        self._volumes = Volumes(node.client, what, node.folder, self._sources, node.token)

    # Its life, in order.

    def start(self, late: str = "") -> None:
        """Start all of it but one container; an init container that fails is a RuntimeError."""
        self._pause = self._node.client.containers.run(
            self._node.pause, _PAUSE, detach=True, hostname=self.pod.name[:63],
            extra_hosts=self._node.hosts, sysctls=host.sysctls(self.pod),
            mounts=self._volumes.make_in_memory(),
        )  # fmt: skip
        self._pause.reload()
        self.address = self._pause.attrs["NetworkSettings"]["IPAddress"]
        self._volumes.make(self.address)
        for container in self.pod.init:
            running = self._run(container)
            if container.is_sidecar:
                self._wait_until_started(container)
            elif (status := running.wait(timeout=PATIENCE)["StatusCode"]) != 0:
                raise RuntimeError(
                    f"{container.name} ended with {status}: {self.logs(container.name)}"
                )
        for container in self.pod.containers:
            if container.name != late:
                self._run(container)

    def begin(self, name: str) -> None:
        """Start a container that is late."""
        self._run(self._container(name))

    def stop(self) -> dict[str, int]:
        """End it as a kubelet does; return each container's exit status."""
        deadline = time.monotonic() + self.pod.grace
        sidecars = [item.name for item in reversed(self.pod.init) if item.is_sidecar]
        statuses = self.end([item.name for item in self.pod.containers], deadline)
        for name in sidecars:
            statuses |= self.end([name], deadline)
        return statuses

    def end(self, names: list[str], deadline: float) -> dict[str, int]:
        """End some containers at once; SIGKILL comes at the deadline, of `time.monotonic()`."""

        def one(name: str) -> int:
            return end(self._running[name], self._container(name), self.address, deadline)

        with ThreadPoolExecutor(max(len(names), 1)) as pool:
            return dict(zip(names, pool.map(one, names), strict=True))

    def remove(self) -> None:
        """Remove all of it at once, whatever state it is in."""
        for running in (*self._running.values(), *self._previous, self._pause):
            if running is not None:
                with suppress(docker.errors.NotFound):
                    running.remove(force=True)
        self._volumes.remove()

    def kill(self, name: str, signal: str = "SIGKILL") -> None:
        """Send a signal to one container, and wait for its end when it is the last."""
        self._running[name].kill(signal)
        if signal == "SIGKILL":
            self._running[name].wait(timeout=PATIENCE)

    def execute(self, name: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a container; return its exit status and output, as `kubectl exec`."""
        status, output = self._running[name].exec_run(command)
        return int(status or 0), cast("bytes", output).decode(errors="replace")

    def restart(self, name: str) -> None:
        """Make and start a container anew after its end, as restartPolicy does."""
        previous = self._running[name]
        self._run(self._container(name))
        self._previous.append(previous)

    # What a user looks at.

    def logs(self, name: str) -> str:
        """Return all that a container has written, as `kubectl logs` does."""
        return self._running[name].logs().decode(errors="replace")

    def output(self, name: str) -> str:
        """Return what a container has written to standard output alone."""
        return self._running[name].logs(stderr=False).decode(errors="replace")

    def last_words(self, name: str) -> str:
        """Return the end of what a container has written."""
        return self._running[name].logs(tail=5).decode(errors="replace")

    def is_running(self, name: str) -> bool:
        """Return whether a container runs."""
        self._running[name].reload()
        return bool(self._running[name].status == "running")

    def was_killed_for_memory(self, name: str) -> bool:
        """Return whether a container met its memory limit."""
        return bool(self.state(name)["OOMKilled"])

    def state(self, name: str) -> Document:
        """Return what the engine says of a container: when it started, ended, and how."""
        self._running[name].reload()
        found: Document = self._running[name].attrs["State"]
        return found

    def memory(self, name: str) -> int:
        """Return the bytes of memory that a container has for itself, without the page cache."""
        stats = cast("Document", self._running[name].stats(stream=False, one_shot=True))[
            "memory_stats"
        ]["stats"]
        return int(stats.get("rss", stats.get("anon", 0)))  # of cgroups 1, and of 2

    def peak_memory(self, name: str) -> int:
        """Return the most bytes that a container ever had, the page cache among them."""
        stats = cast("Document", self._running[name].stats(stream=False, one_shot=True))
        return int(stats["memory_stats"]["max_usage"])

    def get(self, port: int, path: str) -> Answer:
        """Ask for a path on the pod's address."""
        try:
            with urllib.request.urlopen(
                f"http://{self.address}:{port}{path}", timeout=10
            ) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def scrape(self, port: int, path: str = "/metrics") -> Scrape:
        """Return the metrics of a port, once it answers."""
        return Scrape.parse(self.wait_for(lambda: self._answer(port, path)))

    def probe(self, name: str, kind: str) -> bool:
        """Return whether a probe of a container succeeds now: `readinessProbe`."""
        container = self._container(name)
        probe = container.get(kind)
        if "exec" in probe:
            with suppress(docker.errors.APIError):  # it has just ended
                return self.execute(name, probe["exec"]["command"])[0] == 0
            return False
        return probes.succeeds(container, probe, self.address)

    def wait_for(self, look: Callable[[], T], what: str = "", within: float = PATIENCE) -> T:
        """Return what a look shows once it shows something; else all logs are in the error."""
        end = time.monotonic() + within
        while not (seen := look()):
            if time.monotonic() > end:
                logs = "\n".join(f"--- {name}\n{self.logs(name)}" for name in self._running)
                raise TimeoutError(f"{what or 'it'} did not come; {logs}")
            time.sleep(0.05)
        return seen

    def folder(self, volume: str) -> Path:
        """Return the folder of a volume on this machine."""
        return self._volumes.folder(volume)

    def update(self, volume: str, data: dict[str, str]) -> None:
        """Change a ConfigMap in place, as a kubelet brings an update to a pod."""
        self._volumes.write(volume, data)

    def _answer(self, port: int, path: str) -> str:
        try:
            answer = self.get(port, path)
        except OSError:
            return ""
        return answer.text if answer.status == 200 else ""

    # How.

    def _container(self, name: str) -> Container:
        (found,) = [item for item in (*self.pod.init, *self.pod.containers) if item.name == name]
        return found

    def _run(self, container: Container) -> Running:
        image = self._node.images[container.image]
        found = self._node.client.images.get(image)
        made = environment.environment(
            self.pod, container, self.address,
            {**self._sources["configMap"], **self._sources["secret"]},
        )  # fmt: skip
        command, arguments = (
            [environment.expand(str(word), made) for word in container.get(key) or []]
            for key in ("command", "args")
        )
        assert self._pause is not None
        more: dict[str, Any] = host.restrictions(self.pod, container, found.attrs["Config"]["User"])
        if command:
            more["entrypoint"] = command
        running = self._node.client.containers.run(
            image, arguments or (None if not command else []), detach=True, environment=made,
            network_mode=f"container:{self._pause.id}", mounts=self._volumes.mounts(container),
            working_dir=container.get("workingDir"), **more,
        )  # fmt: skip
        self._running[container.name] = running
        return running

    def _wait_until_started(self, container: Container) -> None:
        if container.get("startupProbe"):
            self.wait_for(lambda: self.probe(container.name, "startupProbe"), "the startup probe")
