"""The player itself, where it needs no engine: what a kubelet does with a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.environment import environment, expand
from tests.e2e.player.folders import write_keys
from tests.e2e.player.host import restrictions
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
    assert "user" not in restrictions(made, made.containers[0], "65532:0")


def test_a_container_s_own_security_context_wins_over_the_pod_s() -> None:
    made = playable(
        {"securityContext": {"runAsUser": 7}}, securityContext={"runAsUser": 5, "fsGroup": 9}
    )
    given = restrictions(made, made.containers[0], "")
    assert given["user"] == "7:0"
    assert given["group_add"] == ["9"]
