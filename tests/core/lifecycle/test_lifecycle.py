from __future__ import annotations

import os
import signal

from pillion.lifecycle import Deadline, Health, Signals, reap_orphans
from pillion.testing import Clock


def test_a_process_is_not_ready_until_it_has_started() -> None:
    health = Health(Clock())
    assert health.why_not_ready() == "it is starting"
    health.unblock("start")
    assert health.why_not_ready() is None


def test_whatever_stands_in_the_way_makes_it_not_ready_and_never_unhealthy() -> None:
    health = Health(Clock())
    health.unblock("start")
    health.block("sink", "elasticsearch does not answer")
    assert health.why_not_ready() == "elasticsearch does not answer"
    assert health.why_unhealthy() is None
    health.unblock("sink")
    assert health.why_not_ready() is None


def test_work_that_does_not_advance_is_unhealthy() -> None:
    clock = Clock()
    health = Health(clock)
    health.beat("the reader", patience=10)
    clock.advance(10)
    assert health.why_unhealthy() is None
    clock.advance(1)
    assert health.why_unhealthy() == "the reader has not advanced for 11 s"
    health.beat("the reader", patience=10)
    assert health.why_unhealthy() is None


def test_work_that_rests_is_not_waited_for() -> None:
    clock = Clock()
    health = Health(clock)
    health.beat("the reader", patience=10)
    health.rest("the reader")
    clock.advance(100)
    assert health.why_unhealthy() is None


def test_a_deadline_runs_out_and_stays_at_zero() -> None:
    clock = Clock()
    deadline = Deadline(5, clock)
    clock.advance(2)
    assert (deadline.remaining, deadline.passed) == (3, False)
    clock.advance(9)
    assert (deadline.remaining, deadline.passed) == (0, True)


def test_signals_pass_the_word_on_and_put_back_what_was_there() -> None:
    heard: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    with Signals(on_stop=heard.append, on_reload=lambda: heard.append("reload")):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == ["reload", "SIGTERM", "SIGTERM"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reload_that_nobody_waits_for_is_no_end() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with Signals(on_stop=lambda _name: None):
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == before


def test_orphans_are_reaped() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert reap_orphans() == 1
    assert reap_orphans() == 0
