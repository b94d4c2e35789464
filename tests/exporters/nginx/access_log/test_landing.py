"""What the landing page shows of an access log: rates, latency, slow paths."""

from __future__ import annotations

import pytest

from pillion_nginx_exporter.access_log.counting import AccessLog
from pillion_nginx_exporter.access_log.formats import FormatText
from pillion_nginx_exporter.access_log.label_rules import standard_rules
from pillion_nginx_exporter.access_log.landing import access_log_section
from pillion_nginx_exporter.access_log.readers import reader_of
from pillion_nginx_exporter.access_log.recent import Recent, quantile
from pillion_nginx_exporter.access_log.slowest import SlowestPaths, path_of
from pillion_nginx_exporter.access_log.totals import BUCKETS, Totals

TEXT = '"$request" $status $request_time'
JSON = '{"request_uri":"$request_uri","status":$status,"request_time":$request_time}'


def log_of(*formats: str) -> AccessLog:
    rules = standard_rules(())
    totals = Totals([rule.name for rule in rules], BUCKETS, 100)
    return AccessLog([reader_of(FormatText(text), rules, totals) for text in formats], totals)


def test_rates_are_the_growth_between_points() -> None:
    log, recent = log_of(TEXT), Recent()
    for at in range(3):
        recent.note(at * 5.0, log.totals)
        log.count(b'"GET / HTTP/1.1" 200 0.1\n' * 10 * (at + 1))
    log.count(b'"GET / HTTP/1.1" 503 0.1\n' * 5)
    recent.note(12.0, log.totals)  # too soon
    recent.note(15.0, log.totals)
    assert recent.rates() == {"2xx": [2.0, 4.0, 6.0], "5xx": [0.0, 0.0, 1.0]}


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 0.5), (0.25, 0.25), (0.99, None), (0.75, 1.0)]
)
def test_a_quantile_is_interpolated_within_its_bucket(share: float, expected: float) -> None:
    assert quantile([0, 4, 2, 2], [0.0, 0.5, 1.0], share) == expected


def test_no_counts_have_no_quantile() -> None:
    assert quantile([0, 0], [1.0], 0.5) is None


@pytest.mark.parametrize(("form", "line"), [
    (TEXT, b'"GET /slow?key=secret HTTP/1.1" 200 %.3f\n'),
    (JSON, b'{"request_uri":"/slow?key=secret","status":200,"request_time":%.3f}\n'),
    ("json", b'{"status":200,"request_time":%.3f,"request_uri":"/slow?key=secret"}\n'),
])  # fmt: skip
def test_the_slowest_paths_are_found_while_the_page_is_looked_at(form: str, line: bytes) -> None:
    log, slowest = log_of(form), SlowestPaths()
    assert not slowest.is_watched(0.0)
    slowest.watch(0.0)
    assert slowest.is_watched(1.0)
    slowest.note(1.0, log.requests(b"stray\n" + line % 0.5 + line % 2.5 + line % 1))
    assert slowest.top(2.0) == [("/slow", 2.5)]
    assert not slowest.top(62.0)
    assert not slowest.is_watched(200.0)


def test_paths_are_bounded_and_the_slowest_stay() -> None:
    slowest = SlowestPaths()
    slowest.watch(0.0)
    for at in range(5000):
        slowest.note(at / 1000, [(b"/%d" % at, b"%.3f" % (at / 1000))])
    assert [path for path, _ in slowest.top(5.0)] == [f"/{at}" for at in range(4999, 4989, -1)]
    assert len(slowest._paths) <= 201


@pytest.mark.parametrize(
    ("request_line", "path"),
    [
        (b"GET /a?b HTTP/1.1", "/a"),
        (b"/a", "/a"),
        (b"", "-"),
        (b"GET \x1b[31m<b>", "\\x1b[31m<b>"),
        (b"GET /" + b"x" * 300, "/" + "x" * 99),
    ],
)
def test_a_path_is_harmless_text(request_line: bytes, path: str) -> None:
    assert path_of(request_line) == path


def test_the_section_shows_all_of_it_and_escapes_it() -> None:
    log, recent = log_of(TEXT), Recent()
    recent.note(0.0, log.totals)
    log.count(b'"GET / HTTP/1.1" 200 0.1\n' * 10 + b"<script>\n")
    recent.note(5.0, log.totals)
    recent.note(10.0, log.totals)
    slowest = [("/<b>", 0.25)]
    html = access_log_section("Access log", log.totals, recent, log.sample, slowest)
    assert 'class="fill-good"' in html
    assert "<td>/&lt;b&gt;</td><td>250 ms</td>" in html
    assert "Lines that fit no format: 1; one: &lt;script&gt;" in html
    assert "p50, last minutes" in html
