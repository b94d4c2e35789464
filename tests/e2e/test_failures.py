"""What goes wrong in a pod, for each of our processes, on the examples that we ship."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.kubelet import tended
from tests.e2e.player.manifest import Document, documents
from tests.k8s_examples.examples import EXAMPLES, built

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Node, Playing

PROBE = "/probe?target=http://127.0.0.1/healthz"


@dataclass(frozen=True, slots=True)
class Exporter:
    """An example of an exporter: the application beside it, and what says that this is up."""

    name: str
    app: str
    port: int
    path: str
    metric: str

    def sees(self, pod: Playing) -> bool:
        return pod.scrape(self.port, self.path).value(self.metric) == 1


EXPORTERS = pytest.mark.parametrize(
    "exporter",
    [
        Exporter("nginx-exporter", "nginx", 9113, "/metrics", "nginx_up"),
        Exporter("blackbox-exporter", "api", 9115, PROBE, "probe_success"),
    ],
    ids=lambda exporter: exporter.name,
)
# The sidecar that reads 1.log, by the example.
READERS = pytest.mark.parametrize(
    ("name", "reader"), [("log-streamer", "count-log-1"), ("log-agent", "log-agent")]
)
NUMBERED = 'i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo "$i: line"; done >> /var/log/1.log'
STAY = "trap 'exit 0' TERM; while :; do sleep 0.1 & wait $!; done"


@pytest.fixture
def node(node: Node, example_images: dict[str, str]) -> Node:
    node.images = example_images
    return node


def example(name: str) -> list[Document]:
    return documents((EXAMPLES / "pods" / f"{name}.yaml").read_text())


def spec_of(found: list[Document]) -> Document:
    (workload,) = [item for item in found if item["kind"] == "Deployment"]
    spec: Document = workload["spec"]["template"]["spec"]
    return spec


def writing(name: str, script: str) -> list[Document]:
    """Return an example whose application runs a script of this test."""
    found = example(name)
    spec_of(found)["containers"][0]["args"] = [script]
    return found


@contextmanager
def without(pod: Playing, app: str) -> Iterator[None]:
    """Have the application gone for a while."""
    pod.kill(app)
    yield
    pod.restart(app)


def lines(pod: Playing, reader: str) -> list[int]:
    """Return the numbers of the lines that a reader has brought out, in order."""
    shown = pod.output(reader).splitlines()
    texts = [json.loads(line)["log"] if line.startswith("{") else line for line in shown]
    return [int(text.partition(":")[0]) for text in texts if text.endswith("line")]


@EXPORTERS
def test_an_exporter_that_is_killed_comes_back_and_the_application_never_notices(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(exporter.name)) as pod, tended(pod) as kubelet:
        pod.wait_for(lambda: exporter.sees(pod))
        pod.kill("exporter")
        pod.wait_for(lambda: kubelet.restarts("exporter") == 1)
        pod.wait_for(lambda: exporter.sees(pod))
        pod.wait_for(kubelet.is_ready)
        assert kubelet.restarts(exporter.app) == 0


@EXPORTERS
def test_an_exporter_says_that_the_application_is_gone_and_is_not_restarted_for_it(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(exporter.name)) as pod:
        pod.wait_for(lambda: exporter.sees(pod))
        with without(pod, exporter.app), tended(pod, speed=100) as kubelet:
            assert not exporter.sees(pod)
            assert pod.probe("exporter", "livenessProbe")
            assert kubelet.restarts("exporter") == 0
        pod.wait_for(lambda: exporter.sees(pod))


@EXPORTERS
def test_an_exporter_that_is_up_long_before_the_application_waits_for_it(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(exporter.name), late=exporter.app) as pod:
        assert not exporter.sees(pod)
        pod.begin(exporter.app)
        pod.wait_for(lambda: exporter.sees(pod))


@EXPORTERS
def test_an_exporter_that_is_up_long_after_the_application_sees_it_at_once(
    node: Node, exporter: Exporter
) -> None:
    with node.play(example(f"{exporter.name}-legacy"), late="exporter") as pod:
        pod.wait_for(lambda: pod.is_running(exporter.app))
        pod.begin("exporter")
        pod.wait_for(lambda: exporter.sees(pod))


@READERS
def test_no_line_is_missing_after_a_reader_was_killed(node: Node, name: str, reader: str) -> None:
    slowly = f"i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i: line >> /var/log/1.log; usleep 5000; done; {STAY}"
    with node.play(writing(name, slowly)) as pod, tended(pod):
        pod.wait_for(lambda: lines(pod, reader))
        before = lines(pod, reader)
        pod.kill(reader)
        pod.wait_for(lambda: lines(pod, reader)[-1:] == [300])
        assert {*before, *lines(pod, reader)} == set(range(1, 301))


@READERS
def test_a_reader_goes_on_when_the_application_is_killed_and_comes_back(
    node: Node, name: str, reader: str
) -> None:
    with node.play(writing(name, f"{NUMBERED.format(count=10)}; {STAY}")) as pod:
        pod.wait_for(lambda: lines(pod, reader) == [*range(1, 11)])
        with tended(pod) as kubelet:
            pod.kill("count")
            pod.wait_for(lambda: lines(pod, reader) == [*range(1, 11), *range(1, 11)])
            assert kubelet.restarts(reader) == 0


@READERS
def test_a_reader_that_starts_long_after_the_application_reads_from_the_first_line(
    node: Node, name: str, reader: str
) -> None:
    found = example(f"{name}-legacy")
    spec_of(found)["containers"][0]["args"] = [f"{NUMBERED.format(count=1000)}; {STAY}"]
    with node.play(found, late=reader) as pod:
        pod.wait_for(lambda: pod.folder("varlog").joinpath("1.log").read_text().endswith("1000: line\n"))  # fmt: skip
        pod.begin(reader)
        pod.wait_for(lambda: lines(pod, reader) == [*range(1, 1001)])


@READERS
def test_the_last_lines_of_an_application_that_ends_are_read(
    node: Node, name: str, reader: str
) -> None:
    at_the_end = f"trap '{NUMBERED.format(count=20000)}; exit 0' TERM; touch /var/log/ready; while :; do sleep 0.1 & wait $!; done"
    with node.play(writing(name, at_the_end)) as pod:
        pod.wait_for(lambda: pod.folder("varlog").joinpath("ready").exists())
        assert pod.stop()[reader] == 0
        assert lines(pod, reader) == [*range(1, 20001)]


@READERS
def test_a_full_volume_ends_no_reader_and_what_was_written_comes_out(
    node: Node, name: str, reader: str
) -> None:
    found = writing(name, "i=0; while :; do i=$((i+1)); echo $i: line >> /var/log/1.log; done")
    (volume,) = [item for item in spec_of(found)["volumes"] if item["name"] == "varlog"]
    volume["emptyDir"] = {"sizeLimit": "64Ki"}
    with node.play(found) as pod:
        pod.wait_for(lambda: "No space left on device" in pod.logs("count"))
        pod.wait_for(lambda: lines(pod, reader)[-1:] > [5000])
        read = lines(pod, reader)
        assert read == [*range(1, len(read) + 1)]
        assert pod.is_running(reader)


def test_an_agent_whose_state_is_full_ships_on_and_says_so(node: Node) -> None:
    found = writing("log-agent", f"{NUMBERED.format(count=10)}; {STAY}")
    spec = spec_of(found)
    (volume,) = [item for item in spec["volumes"] if item["name"] == "state"]
    volume["emptyDir"] = {"sizeLimit": "4Ki"}
    mount = {"name": "state", "mountPath": "/state"}
    fill = {"name": "fill", "image": "busybox:1.37", "volumeMounts": [mount]}
    fill["command"] = ["sh", "-c", "dd if=/dev/zero of=/state/full bs=4096 count=1"]
    spec["initContainers"] = [fill, *spec["initContainers"]]
    with node.play(found) as pod:
        pod.wait_for(lambda: lines(pod, "log-agent") == [*range(1, 11)])
        pod.wait_for(lambda: "the checkpoint cannot be written" in pod.logs("log-agent"))
        assert pod.probe("log-agent", "livenessProbe")
        assert pod.stop()["log-agent"] == 0


def test_an_agent_to_which_everything_is_read_only_ships_on_and_says_what_that_costs(
    node: Node,
) -> None:
    found = writing("log-agent", f"{NUMBERED.format(count=10)}; {STAY}")
    for mount in spec_of(found)["initContainers"][0]["volumeMounts"]:
        mount["readOnly"] = True
    with node.play(found) as pod:
        pod.wait_for(lambda: lines(pod, "log-agent") == [*range(1, 11)])
        assert "Read-only file system" in pod.logs("log-agent")
        assert pod.stop()["log-agent"] == 0


def test_a_process_that_hangs_is_ended_by_its_liveness_probe_and_comes_back(node: Node) -> None:
    found = built(EXAMPLES / "overlays/all-four")
    # One that hangs hears no signal, so the whole of the grace would be waited for.
    spec_of(found)["terminationGracePeriodSeconds"] = 0
    names = ("nginx-exporter", "blackbox-exporter", "log-streamer", "log-agent")
    with node.play(found) as pod, tended(pod) as kubelet:
        pod.wait_for(kubelet.is_ready)
        for name in names:
            pod.kill(name, "SIGSTOP")
        for name in names:
            pod.wait_for(lambda name=name: kubelet.restarts(name) == 1)  # type: ignore[misc]  # a default of a lambda has no type
        pod.wait_for(kubelet.is_ready)
        assert f"{names[0]}: ended for its livenessProbe" in kubelet.events
        assert kubelet.restarts("nginx") == 0


def test_an_agent_takes_up_a_config_map_that_is_updated_in_place(node: Node) -> None:
    found = writing("log-agent", f"{NUMBERED.format(count=3)}; {STAY}")
    (sidecar,) = spec_of(found)["initContainers"]
    sidecar["args"].append("--config.watch=200ms")
    with node.play(found) as pod:
        pod.wait_for(lambda: lines(pod, "log-agent") == [1, 2, 3])
        text = found[0]["data"]["fluent-bit.yaml"]
        fresh = text.replace("- namespace ${POD_NAMESPACE}", "- namespace of-the-update")
        pod.update("config", {"fluent-bit.yaml": fresh})
        pod.wait_for(lambda: "reload" in pod.logs("log-agent"))
        pod.execute("count", ["sh", "-c", "echo 4: line >> /var/log/1.log"])
        pod.wait_for(lambda: lines(pod, "log-agent") == [1, 2, 3, 4])
        assert '"namespace":"of-the-update"' in pod.output("log-agent").splitlines()[-1]


def test_a_blackbox_exporter_takes_up_a_config_map_on_reload_and_keeps_a_wrong_one_out(
    node: Node,
) -> None:
    found = example("blackbox-exporter")
    spec = spec_of(found)
    mount = {"name": "config", "mountPath": "/etc/blackbox_exporter", "readOnly": True}
    spec["initContainers"][0]["volumeMounts"] = [mount]
    spec["volumes"] = [{"name": "config", "configMap": {"name": "modules"}}]
    data = {"config.yml": "modules: {before: {prober: http}}\n"}
    found.append({"kind": "ConfigMap", "metadata": {"name": "modules"}, "data": data})
    with node.play(found) as pod:
        assert pod.get(9115, f"{PROBE}&module=before").status == 200
        pod.update("config", {"config.yml": "modules: {wrong: {prober: smoke}}\n"})
        pod.kill("exporter", "SIGHUP")
        reloaded = "blackbox_exporter_config_last_reload_successful"
        pod.wait_for(lambda: pod.scrape(9115).value(reloaded) == 0)
        assert pod.get(9115, f"{PROBE}&module=before").status == 200
        pod.update("config", {"config.yml": "modules: {after: {prober: http}}\n"})
        pod.kill("exporter", "SIGHUP")
        pod.wait_for(lambda: pod.get(9115, f"{PROBE}&module=after").status == 200)
        assert pod.scrape(9115).value(reloaded) == 1


def test_every_process_takes_up_users_that_a_config_map_gains_in_place(node: Node) -> None:
    found = built(EXAMPLES / "overlays/all-four")
    spec = spec_of(found)
    for sidecar in spec["initContainers"]:
        sidecar.setdefault("args", []).insert(0, "--web.config.file=/etc/web/web.yml")
        sidecar.setdefault("volumeMounts", []).append({"name": "web", "mountPath": "/etc/web"})
    spec["volumes"].append({"name": "web", "configMap": {"name": "web"}})
    found.append({"kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"web.yml": "{}\n"}})
    ports = (9113, 9115, 9116, 2020)
    with node.play(found) as pod:
        assert [pod.get(port, "/metrics").status for port in ports] == [200] * 4
        bcrypt = "$2b$04$PeDYNjCyjOvKrDfSSSgTquoTuOBYeFzuhMTOxTdeHRgNxNvqXrrLy"
        pod.update("web", {"web.yml": f"basic_auth_users: {{alice: {bcrypt}}}\n"})
        for port in ports:
            pod.wait_for(lambda port=port: pod.get(port, "/metrics").status == 401)  # type: ignore[misc]  # a default of a lambda has no type
