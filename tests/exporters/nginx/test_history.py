from __future__ import annotations

from pillion_nginx_exporter.history import History
from pillion_nginx_exporter.scrape import Scrape
from pillion_nginx_exporter.stub_status import StubStatus


def up(requests: int, active: int = 1) -> Scrape:
    return Scrape(StubStatus(active, 0, 0, requests, 0, 0, 0), 0.01)


DOWN = Scrape(None, 0.01, "refused", "nginx refused the connection")


def history(*moments: tuple[float, Scrape]) -> History:
    found = History()
    for at, scrape in moments:
        found.note(at, scrape)
    return found


def test_requests_per_second_are_those_since_the_moment_before() -> None:
    found = history((0.0, up(100)), (10.0, up(150)), (12.0, up(152)))
    assert found.per_second() == [0.0, 5.0, 1.0]


def test_scrapes_that_follow_closely_are_one_moment() -> None:
    found = history((0.0, up(100)), (0.1, up(101)), (10.0, up(150)))
    assert found.per_second() == [0.0, 5.0]


def test_a_restart_of_nginx_gives_no_negative_rate() -> None:
    found = history((0.0, up(100)), (10.0, up(3)), (20.0, up(23)))
    assert found.per_second() == [0.0, 0.0, 2.0]
    assert found.newest is not None
    assert found.newest.per_second == 2.0


def test_while_nginx_is_down_there_is_no_rate() -> None:
    found = history((0.0, up(100)), (10.0, DOWN), (20.0, up(200)), (30.0, up(210)))
    assert found.per_second() == [0.0, 0.0, 0.0, 1.0]
    assert found.active() == [1, 0, 1, 1]


def test_only_the_last_moments_are_kept() -> None:
    found = History(length=3)
    for second in range(10):
        found.note(second, up(second, active=second))
    assert found.active() == [7, 8, 9]
