from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram

from pillion.metrics import BoundedSeries
from pillion.metrics.exposition import text
from pillion.testing import Scrape


def scrape(registry: CollectorRegistry) -> Scrape:
    return Scrape.parse(text(registry.collect()))


def test_series_beyond_the_limit_are_counted_together() -> None:
    registry = CollectorRegistry()
    hits = BoundedSeries(Counter("hits", "H.", ["path"], registry=registry), limit=3)
    for number in range(100):
        hits.labels(f"/{number}").inc()
    hits.labels("/1").inc()
    series = {
        labels["path"]: scrape(registry).value("hits_total", **labels)
        for labels in scrape(registry).labels("hits_total")
    }
    assert series == {"/0": 1, "/1": 2, "/2": 1, "other": 97}


def test_labels_are_given_by_name_as_well() -> None:
    registry = CollectorRegistry()
    hits = BoundedSeries(Counter("hits", "H.", ["path", "code"], registry=registry), limit=1)
    hits.labels(code=200, path="/").inc()
    hits.labels(path="/", code=200).inc()
    hits.labels(path="/", code=404).inc()
    assert scrape(registry).value("hits_total", path="/", code="200") == 2
    assert scrape(registry).value("hits_total", path="other", code="other") == 1


def test_a_histogram_with_labels_is_bounded_as_a_whole() -> None:
    registry = CollectorRegistry()
    waits = BoundedSeries(
        Histogram("wait_seconds", "W.", ["path"], registry=registry, buckets=(1, 2)), limit=1
    )
    for path in ("/a", "/b", "/c"):
        waits.labels(path).observe(1.5)
    assert scrape(registry).value("wait_seconds_count", path="/a") == 1
    assert scrape(registry).value("wait_seconds_bucket", path="other", le="2.0") == 2


def test_a_series_that_is_removed_is_gone_and_makes_room() -> None:
    registry = CollectorRegistry()
    hits = BoundedSeries(Counter("hits", "H.", ["path"], registry=registry), limit=1)
    hits.labels("/a").inc()
    hits.remove("/a")
    hits.labels("/b").inc()
    assert scrape(registry).labels("hits_total") == [{"path": "/b"}]


def test_labels_that_the_metric_does_not_have_are_an_error() -> None:
    hits = BoundedSeries(Counter("hits", "H.", ["path"], registry=None), limit=1)
    with pytest.raises(ValueError, match="Incorrect label count"):
        hits.labels("a", "b")
    with pytest.raises(ValueError, match="Incorrect label names"):
        hits.labels(code="b")
