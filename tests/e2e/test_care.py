"""What the player decides about a container as time goes by, as a kubelet would."""

from __future__ import annotations

import pytest

from tests.e2e.player.care import Care, delay, starts_again
from tests.e2e.player.manifest import Container, Document


def care(policy: str = "Always", **container: Document) -> Care:
    made = Care(Container("c", "i", dict(container)), policy)
    made.started(0)
    return made


def test_the_first_start_anew_is_at_once_and_the_next_wait_twice_as_long_up_to_five_minutes() -> (
    None
):
    assert [delay(count) for count in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]


@pytest.mark.parametrize(
    ("policy", "status", "sidecar", "again"),
    [
        ("Always", 0, False, True),
        ("OnFailure", 0, False, False),
        ("OnFailure", 1, False, True),
        ("Never", 1, False, False),
        ("Never", 0, True, True),
    ],
)
def test_a_policy_says_what_starts_again_and_a_sidecar_always_does(
    policy: str, status: int, *, sidecar: bool, again: bool
) -> None:
    assert starts_again(policy, status, is_sidecar=sidecar) is again


def test_a_container_that_ends_again_and_again_is_backed_off() -> None:
    looked_after = care()
    assert looked_after.ended(1, 1)
    looked_after.started(1)
    assert not looked_after.ended(2, 1)
    assert not looked_after.ended(11.9, 1)
    assert looked_after.ended(12, 1)
    assert looked_after.restarts == 2


def test_one_that_ran_ten_minutes_starts_at_once_again() -> None:
    looked_after = care()
    looked_after.ended(1, 1)
    looked_after.started(1)
    assert looked_after.ended(601, 1)


def test_other_probes_wait_for_the_startup_probe() -> None:
    looked_after = care(startupProbe={"periodSeconds": 1}, livenessProbe={})
    (startup,) = looked_after.due(0)
    assert startup.kind == "startupProbe"
    assert looked_after.due(0) == [startup]
    startup.took(0, succeeded=True)
    assert [probe.kind for probe in looked_after.due(1)] == ["livenessProbe"]


def test_a_probe_is_asked_after_its_first_delay_and_then_once_a_period() -> None:
    looked_after = care(livenessProbe={"initialDelaySeconds": 5, "periodSeconds": 3})
    assert looked_after.due(4.9) == []
    (probe,) = looked_after.due(5)
    probe.took(5, succeeded=True)
    assert looked_after.due(7.9) == []
    assert looked_after.due(8) == [probe]


def test_failures_count_when_they_come_in_a_row() -> None:
    (probe,) = care(livenessProbe={"failureThreshold": 2}).due(0)
    answers = [False, True, False, False]
    assert [probe.took(0, succeeded=answer) for answer in answers] == [False, False, False, True]


def test_a_container_is_ready_when_its_probe_has_succeeded_and_not_after_it_failed() -> None:
    looked_after = care(readinessProbe={"failureThreshold": 1})
    assert not looked_after.is_ready()
    (probe,) = looked_after.due(0)
    probe.took(0, succeeded=True)
    assert looked_after.is_ready()
    probe.took(10, succeeded=False)
    assert not looked_after.is_ready()
