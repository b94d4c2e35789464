"""The player on an engine: starts anew, probes acted upon, hooks, grace and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.kubelet import tended

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Document
    from tests.e2e.player.play import Node

STEADY = "trap 'echo ended; exit 0' TERM; echo started; while :; do sleep 0.1 & wait $!; done"


def shell(script: str, name: str = "app", **more: object) -> Document:
    return {"name": name, "image": "busybox", "command": ["sh", "-c", script], **more}


def pod(*containers: Document, **spec: object) -> list[Document]:
    return [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers, **spec}}]


def test_a_container_that_ends_is_started_anew_and_waits_longer_each_time(node: Node) -> None:
    with node.play(pod(shell("exit 3"))) as playing, tended(playing, speed=50) as kubelet:
        playing.wait_for(lambda: kubelet.restarts("app") >= 3)
        assert kubelet.events[0] == "app: started anew after it ended with 3"


def test_one_that_is_not_to_start_again_does_not(node: Node) -> None:
    again = shell("exit 1", "fails")
    found = pod(shell("exit 0"), again, restartPolicy="OnFailure")
    with node.play(found) as playing, tended(playing, speed=1000) as kubelet:
        playing.wait_for(lambda: kubelet.restarts("fails") >= 2)
        assert kubelet.restarts("app") == 0


def test_a_container_whose_liveness_fails_is_ended_and_started_anew(node: Node) -> None:
    probe = {"exec": {"command": ["test", "!", "-e", "/tmp/broken"]}, "failureThreshold": 2}
    app = shell(STEADY, livenessProbe=probe)
    with node.play(pod(app)) as playing, tended(playing, speed=50) as kubelet:
        playing.execute("app", ["touch", "/tmp/broken"])
        playing.wait_for(lambda: kubelet.restarts("app") == 1)
        assert kubelet.events == [
            "app: ended for its livenessProbe",
            "app: started anew after it ended with 0",
        ]
        playing.wait_for(lambda: playing.logs("app") == "started\n")


def test_a_pod_is_ready_when_its_readiness_probe_says_so(node: Node) -> None:
    probe = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "failureThreshold": 1}
    with (
        node.play(pod(shell(STEADY, readinessProbe=probe))) as playing,
        tended(playing, speed=50) as kubelet,
    ):
        assert not kubelet.is_ready()
        playing.execute("app", ["touch", "/tmp/ready"])
        playing.wait_for(kubelet.is_ready)
        playing.execute("app", ["rm", "/tmp/ready"])
        playing.wait_for(lambda: not kubelet.is_ready())
        assert kubelet.restarts("app") == 0


def test_a_sidecar_has_started_up_before_what_follows_it_begins(node: Node) -> None:
    mount = {"name": "shared", "mountPath": "/shared"}
    probe = {"exec": {"command": ["test", "-e", "/shared/up"]}, "periodSeconds": 1}
    sidecar = shell(
        f"sleep 0.5; touch /shared/up; {STEADY}", "sidecar",
        restartPolicy="Always", startupProbe=probe, volumeMounts=[mount],
    )  # fmt: skip
    look = "test -e /shared/up && echo after || echo before"
    found = pod(
        shell(f"{look}; {STEADY}", volumeMounts=[mount]),
        initContainers=[sidecar, shell(look, "second", volumeMounts=[mount])],
        volumes=[{"name": "shared", "emptyDir": {}}],
    )
    with node.play(found) as playing:
        playing.wait_for(lambda: playing.logs("app").startswith("after"))
        assert playing.logs("second") == "after\n"


def test_a_pod_ends_with_its_hook_then_the_signal_then_its_sidecars_in_the_opposite_order(
    node: Node,
) -> None:
    def said(name: str, **more: object) -> Document:
        script = f"trap 'echo {name} >> /shared/order; exit 0' TERM; while :; do sleep 0.1 & wait $!; done"
        mount = {"name": "shared", "mountPath": "/shared"}
        return shell(script, name, volumeMounts=[mount], **more)

    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hook >> /shared/order"]}}}
    found = pod(
        said("app", lifecycle=hook),
        initContainers=[said("first", restartPolicy="Always"), said("second", restartPolicy="Always")],
        volumes=[{"name": "shared", "emptyDir": {}}],
    )  # fmt: skip
    with node.play(found) as playing:
        assert playing.stop() == {"app": 0, "first": 0, "second": 0}
        order = (playing.folder("shared") / "order").read_text().split()
    assert order == ["hook", "app", "second", "first"]


def test_one_that_does_not_end_in_time_is_killed(node: Node) -> None:
    deaf = shell("trap '' TERM; while :; do sleep 0.1; done")
    with node.play(pod(deaf, terminationGracePeriodSeconds=0)) as playing:
        assert playing.stop() == {"app": 137}


def test_one_that_takes_more_memory_than_its_limit_is_killed(node: Node) -> None:
    limits = {"limits": {"memory": "8Mi"}}
    with node.play(pod(shell("tail /dev/zero", resources=limits))) as playing:
        playing.wait_for(lambda: not playing.is_running("app"))
        assert playing.was_killed_for_memory("app")


def test_what_is_executed_in_a_container_counts_into_its_memory(node: Node) -> None:
    limits = {"limits": {"memory": "64Mi"}}
    with node.play(pod(shell(STEADY, resources=limits))) as playing:
        status, _ = playing.execute("app", ["sh", "-c", "exec tail /dev/zero"])
        assert status == 137
        assert playing.was_killed_for_memory("app") or playing.peak_memory("app") > 60 * 2**20


def test_a_container_has_its_user_and_the_group_that_the_image_gives_that_user(node: Node) -> None:
    with node.play(pod(shell(f"id; {STEADY}", securityContext={"runAsUser": 65532}))) as playing:
        playing.wait_for(lambda: playing.logs("app").startswith("uid=65532 gid=0"))


def test_a_group_of_the_pod_may_write_to_its_volumes(node: Node) -> None:
    mount = {"name": "shared", "mountPath": "/shared"}
    found = pod(
        shell(
            f"id; echo hello > /shared/file; ls -ln /shared/file; {STEADY}", volumeMounts=[mount]
        ),
        volumes=[{"name": "shared", "emptyDir": {}}],
        securityContext={"runAsUser": 1000, "fsGroup": 2000, "supplementalGroups": [3000]},
    )
    with node.play(found) as playing:
        playing.wait_for(lambda: "/shared/file" in playing.logs("app"))
        assert "groups=0,2000,3000" in playing.logs("app")
        assert "1000     2000" in playing.logs("app")


def test_a_pod_s_own_sysctls_are_set_and_nobody_may_ping_without(node: Node) -> None:
    look = f"cat /proc/sys/net/ipv4/ping_group_range; {STEADY}"
    asked = {"sysctls": [{"name": "net.ipv4.ping_group_range", "value": "0 100"}]}
    for context, expected in (({}, "1\t0\n"), (asked, "0\t100\n")):
        with node.play(pod(shell(look), securityContext=context)) as playing:
            playing.wait_for(lambda: playing.logs("app"))
            assert playing.logs("app").startswith(expected)


def test_a_hook_that_the_player_does_not_play_is_refused_by_name(node: Node) -> None:
    with (
        pytest.raises(ValueError, match="the player knows no postStart of a lifecycle"),
        node.play(pod(shell("true", lifecycle={"postStart": {}}))),
    ):
        pass
