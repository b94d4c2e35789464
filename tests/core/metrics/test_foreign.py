from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from pillion.metrics import Registry
from pillion.metrics.exposition import openmetrics, text
from pillion.metrics.foreign import PrometheusClientSource


def test_what_prometheus_client_counts_is_exposed_with_its_names_types_and_values() -> None:
    theirs = CollectorRegistry()
    Counter("mails_sent", "Sent.", ["to"], registry=theirs).labels("a").inc(3)
    Gauge("depth", "Depth.", registry=theirs).set(2)
    Histogram("wait_seconds", "Wait.", registry=theirs).observe(0.2)
    Summary("size_bytes", "Size.", registry=theirs).observe(9)
    Info("build", "Build.", registry=theirs).info({"version": "1"})
    Enum("state", "State.", states=["up", "down"], registry=theirs).state("up")
    registry = Registry()
    registry.add(PrometheusClientSource(theirs))

    read = {family.name: family for family in parse_text(text(registry.families()))}
    assert read["mails_sent"].samples[0][:3] == ("mails_sent_total", {"to": "a"}, 3)
    assert read["depth"].samples[0].value == 2
    assert read["wait_seconds"].type == "histogram"
    assert read["size_bytes"].type == "summary"
    assert read["build_info"].samples[0].labels == {"version": "1"}
    assert {tuple(s.labels.values()): s.value for s in read["state"].samples} == {
        ("up",): 1,
        ("down",): 0,
    }
    assert len(list(parse_openmetrics(openmetrics(registry.families())))) == 6
