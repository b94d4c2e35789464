"""The player itself, where it needs no engine: what a kubelet does with a manifest."""

from __future__ import annotations

import gzip
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.e2e.node_logs import ContainerLog
from tests.e2e.player.environment import environment, expand
from tests.e2e.player.folders import give_to_group, write_keys
from tests.e2e.player.host import restrictions, sysctls
from tests.e2e.player.manifest import Document, Pod, pod
from tests.e2e.player.quantities import number

if TYPE_CHECKING:
    from pathlib import Path


def playable(container: Document | None = None, **spec: object) -> Pod:
    template = {"containers": [{"name": "c", "image": "i", **(container or {})}], **spec}
    metadata = {"name": "web", "labels": {"app": "web"}}
    return pod([{"kind": "Pod", "metadata": metadata, "spec": template}])


@pytest.mark.parametrize(
    ("quantity", "expected"), [("64Mi", 67108864), ("50m", 0.05), ("1G", 1e9), (2, 2)]
)
def test_a_quantity_is_a_number(quantity: str | int, expected: float) -> None:
    assert number(quantity) == expected


def test_a_field_that_the_player_does_not_play_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="the player knows no hostNetwork of a pod"):
        playable(hostNetwork=True)


def test_a_config_map_is_links_to_one_generation_which_an_update_swaps(tmp_path: Path) -> None:
    write_keys(tmp_path, {"a.conf": "1", "b.conf": "1"})
    first = (tmp_path / "..data").readlink()
    assert (tmp_path / "a.conf").readlink().as_posix() == "..data/a.conf"
    write_keys(tmp_path, {"a.conf": "2"})
    assert (tmp_path / "a.conf").read_text() == "2"
    assert not (tmp_path / "b.conf").is_symlink()
    assert (tmp_path / "..data").readlink() != first
    assert not (tmp_path / first).exists()


def test_references_to_variables_are_replaced_and_unknown_ones_stay() -> None:
    assert expand("$(A)/$(B) $$(A)", {"A": "1"}) == "1/$(B) $(A)"


def test_variables_come_from_values_each_other_and_the_downward_api() -> None:
    entries: list[Document] = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)2"},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]
    made = playable({"env": entries})
    assert environment(made, made.containers[0], "10.0.0.9", {}) == {
        "A": "1",
        "B": "12",
        "APP": "web",
        "IP": "10.0.0.9",
    }


def test_run_as_non_root_refuses_an_image_of_root_and_one_with_a_name() -> None:
    made = playable({"securityContext": {"runAsNonRoot": True}})
    for user in ("", "0", "nobody"):
        with pytest.raises(PermissionError, match="runAsNonRoot"):
            restrictions(made, made.containers[0], user)
    assert restrictions(made, made.containers[0], "65532:0")["user"] == "65532"


def test_an_image_s_group_is_not_passed_on_and_a_manifest_s_is() -> None:
    made = playable()
    assert restrictions(made, made.containers[0], "65532:0")["user"] == "65532"
    made = playable(securityContext={"runAsUser": 7})
    assert restrictions(made, made.containers[0], "65532:0")["user"] == "7"
    made = playable(securityContext={"runAsGroup": 0})
    assert restrictions(made, made.containers[0], "65532:5")["user"] == "65532:0"


def test_a_container_s_own_security_context_wins_over_the_pod_s() -> None:
    made = playable(
        {"securityContext": {"runAsUser": 7}},
        securityContext={"runAsUser": 5, "fsGroup": 9, "supplementalGroups": [4]},
    )
    given = restrictions(made, made.containers[0], "")
    assert given["user"] == "7"
    assert given["group_add"] == ["4", "9"]


def test_sysctls_are_the_kernel_s_own_unless_a_pod_asks_for_a_safe_one() -> None:
    assert sysctls(playable())["net.ipv4.ping_group_range"] == "1 0"
    asked = {"sysctls": [{"name": "net.ipv4.ping_group_range", "value": "0 2147483647"}]}
    assert sysctls(playable(securityContext=asked)) == {
        "net.ipv4.ping_group_range": "0 2147483647",
        "net.ipv4.ip_unprivileged_port_start": "1024",
    }


def test_a_sysctl_that_no_node_allows_by_itself_is_refused() -> None:
    asked = {"sysctls": [{"name": "net.core.somaxconn", "value": "1024"}]}
    with pytest.raises(PermissionError, match=r"forbidden sysctl: 'net\.core\.somaxconn'"):
        sysctls(playable(securityContext=asked))


def test_a_volume_that_is_given_to_a_group_may_be_written_or_only_read_by_it(
    tmp_path: Path,
) -> None:
    write_keys(tmp_path, {"key": "1"}, {"key": 0o400})
    give_to_group(tmp_path, os.getgid(), is_writable=False)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o440
    give_to_group(tmp_path, os.getgid(), is_writable=True)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o660
    assert tmp_path.stat().st_mode & stat.S_ISGID


def test_a_log_is_renamed_with_a_time_and_older_ones_are_compressed(tmp_path: Path) -> None:
    log = ContainerLog(tmp_path, "cri", "web-1")
    for line in range(6):
        log.write(f"line {line}")
        log.rotate()
    *compressed, last = sorted(path for path in log.file.parent.iterdir() if path != log.file)
    assert [path.suffix for path in compressed] == [".gz"] * 3
    assert last.read_text().endswith("F line 5\n")
    assert gzip.decompress(compressed[-1].read_bytes()).endswith(b"F line 4\n")
    for path in (log.file, last, *compressed):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_docker_numbers_the_logs_that_it_rotates(tmp_path: Path) -> None:
    log = ContainerLog(tmp_path, "docker", "web-1")
    for line in range(6):
        log.write(f"line {line}")
        log.rotate()
    older = [log.file.with_name(f"{log.file.name}.{age}") for age in range(1, 5)]
    assert [json.loads(path.read_text())["log"] for path in older] == [
        f"line {line}\n" for line in (5, 4, 3, 2)
    ]
