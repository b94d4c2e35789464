from __future__ import annotations

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_text

from pillion.metrics import exposition
from pillion_nginx_exporter.collector import metrics
from pillion_nginx_exporter.scrape import Scrape
from pillion_nginx_exporter.stub_status import StubStatus

UP = Scrape(StubStatus(7, 11, 10, 31, 1, 2, 4), 0.25)
DOWN = Scrape(None, 0.5, "refused", "nginx refused the connection")


def test_one_nginx_is_shown_as_the_peer_shows_it() -> None:
    text = exposition.text(metrics([((), UP)]))
    lines = [line for line in text.splitlines() if not line.startswith("# HELP")]
    assert lines == [
        "# TYPE nginx_connections_accepted counter",
        "nginx_connections_accepted 11",
        "# TYPE nginx_connections_active gauge",
        "nginx_connections_active 7",
        "# TYPE nginx_connections_handled counter",
        "nginx_connections_handled 10",
        "# TYPE nginx_connections_reading gauge",
        "nginx_connections_reading 1",
        "# TYPE nginx_connections_waiting gauge",
        "nginx_connections_waiting 4",
        "# TYPE nginx_connections_writing gauge",
        "nginx_connections_writing 2",
        "# TYPE nginx_http_requests_total counter",
        "nginx_http_requests_total 31",
        "# TYPE nginx_up gauge",
        "nginx_up 1",
        "# TYPE nginx_exporter_last_scrape_duration_seconds gauge",
        "nginx_exporter_last_scrape_duration_seconds 0.25",
    ]


def test_an_nginx_that_is_down_is_nothing_but_down() -> None:
    names = [family.name for family in metrics([((), DOWN)])]
    assert names == ["nginx_up", "nginx_exporter_last_scrape_duration_seconds"]
    assert "\nnginx_up 0\n" in exposition.text(metrics([((), DOWN)]))


def test_several_are_told_apart_by_their_labels_in_one_family_each() -> None:
    labelled = [((("addr", "http://a/"),), UP), ((("addr", "http://b/"),), DOWN)]
    found = {family.name: family for family in read_text(exposition.text(metrics(labelled)))}
    assert [(s.labels, s.value) for s in found["nginx_up"].samples] == [
        ({"addr": "http://a/"}, 1),
        ({"addr": "http://b/"}, 0),
    ]
    assert [s.labels for s in found["nginx_connections_active"].samples] == [{"addr": "http://a/"}]


def test_openmetrics_is_well_formed_and_keeps_the_names() -> None:
    text = exposition.openmetrics(metrics([((), UP)]))
    found = read_openmetrics(text)
    samples = {sample.name for family in found for sample in family.samples}
    assert {"nginx_connections_accepted", "nginx_http_requests_total"} <= samples
