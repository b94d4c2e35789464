"""`counter-streaming.yaml` with our image in the place of busybox's `tail`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.manifest import Document, documents
from tests.manifests import manifest_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Node, Playing

NUMBERED = re.compile(r"^(\d+): ", re.MULTILINE)


@pytest.fixture
def node(node: Node, busybox: str, ours: dict[str, str]) -> Node:
    node.images = {"busybox": busybox, "ours": ours["log-streamer"]}
    return node


def manifest() -> list[Document]:
    """Return the manifest with the image's name changed in the two that stream."""
    found = documents(manifest_text("counter-streaming.yaml"))
    for container in found[0]["spec"]["containers"][1:]:
        container["image"] = "ours"
    return found


def counted(pod: Playing, name: str = "count-log-1") -> list[int]:
    return [int(number) for number in NUMBERED.findall(pod.output(name))]


@pytest.fixture
def pod(node: Node) -> Iterator[Playing]:
    """The pod whose streamers are written as paths, without a shell."""
    found = manifest()
    for number, container in enumerate(found[0]["spec"]["containers"][1:], 1):
        container["args"] = ["-n+1", "-F", f"/var/log/{number}.log"]
    with node.play(found) as playing:
        yield playing


def test_a_manifest_that_spells_out_the_shell_and_tail_works_as_it_is(node: Node) -> None:
    with node.play(manifest()) as pod:
        pod.wait_for(lambda: len(counted(pod)) >= 2)
        pod.wait_for(lambda: "INFO 1" in pod.logs("count-log-2"))
        assert counted(pod)[:2] == [0, 1]


def test_tail_s_own_flags_without_the_shell_are_enough(pod: Playing) -> None:
    pod.wait_for(lambda: len(counted(pod)) >= 2)
    pod.wait_for(lambda: "INFO 1" in pod.logs("count-log-2"))
    assert counted(pod)[:2] == [0, 1]


def test_the_application_comes_back_and_the_streamer_goes_on(pod: Playing) -> None:
    pod.wait_for(lambda: counted(pod))
    pod.kill("count")
    pod.restart("count")
    pod.wait_for(lambda: counted(pod).count(0) == 2)
    assert pod.is_running("count-log-1")


def test_the_streamer_comes_back_and_begins_at_the_beginning_as_tail_does(pod: Playing) -> None:
    pod.wait_for(lambda: counted(pod))
    pod.kill("count-log-1")
    pod.restart("count-log-1")
    pod.wait_for(lambda: counted(pod))
    assert counted(pod)[0] == 0


def test_an_application_that_ends_leaves_no_line_unread(node: Node) -> None:
    found = manifest()
    writer, *streamers = found[0]["spec"]["containers"]
    writer["args"] = ["/bin/sh", "-c", "trap 'seq 1 20000 >> /var/log/1.log; exit 0' TERM; "
                      "touch /var/log/ready; while :; do sleep 1 & wait; done"]  # fmt: skip
    streamers[0]["args"] = ["/var/log/1.log"]
    found[0]["spec"]["initContainers"] = [streamers[0] | {"restartPolicy": "Always"}]
    found[0]["spec"]["containers"] = [writer]
    with node.play(found) as pod:
        pod.wait_for(lambda: pod.folder("varlog").joinpath("ready").exists())
        assert pod.stop()["count-log-1"] == 0
        assert pod.output("count-log-1").split() == [str(number) for number in range(1, 20001)]


def test_a_full_volume_ends_neither_and_what_was_written_is_streamed(node: Node) -> None:
    found = manifest()
    found[0]["spec"]["volumes"][0]["emptyDir"] = {"sizeLimit": "64Ki"}
    writer, *streamers = found[0]["spec"]["containers"]
    writer["args"] = ["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i: line >> "
                      "/var/log/1.log; done"]  # fmt: skip
    streamers[0]["args"] = ["-F", "/var/log/1.log"]
    with node.play(found) as pod:
        pod.wait_for(lambda: "No space left on device" in pod.logs("count"))
        pod.wait_for(lambda: counted(pod) and counted(pod)[-1] > 1000)
        assert counted(pod)[:3] == [1, 2, 3]
        assert pod.is_running("count-log-1")
