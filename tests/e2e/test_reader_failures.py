"""What goes wrong in a pod with the log streamer or the log agent, on the examples that we ship."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.kubelet import tended
from tests.e2e.shipped import example, spec_of, writing

if TYPE_CHECKING:
    from tests.e2e.player.play import Node, Playing

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


def lines(pod: Playing, reader: str) -> list[int]:
    """Return the numbers of the lines that a reader has brought out, in order."""
    shown = pod.output(reader).splitlines()
    texts = [json.loads(line)["log"] if line.startswith("{") else line for line in shown]
    return [int(text.partition(":")[0]) for text in texts if text.endswith("line")]


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
