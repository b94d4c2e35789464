"""The two formats, checked by hand and by parsers that nobody here wrote."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client.core import (
    REGISTRY,
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from pillion.metrics.exposition import exposed, openmetrics, text
from pillion.metrics.negotiation import OPENMETRICS, TEXT


def requests() -> Metric:
    metric = CounterMetricFamily("requests_total", "Requests.", labels=["code"])
    metric.add_metric(["200"], 3)
    metric.add_metric(["500"], 1.0)
    return metric


def gauge(name: str, value: float = 1, description: str = "X.", **labels: str) -> Metric:
    metric = GaugeMetricFamily(name, description, labels=list(labels))
    metric.add_metric(list(labels.values()), value)
    return metric


def accepted() -> Metric:
    metric = Metric("nginx_connections_accepted", "Accepted.", "counter")
    metric.add_sample("nginx_connections_accepted", {}, 7)
    return metric


def test_text_has_help_type_and_samples() -> None:
    assert text([requests()]) == (
        "# HELP requests_total Requests.\n"
        "# TYPE requests_total counter\n"
        'requests_total{code="200"} 3\n'
        'requests_total{code="500"} 1\n'
    )


def test_openmetrics_names_a_counter_without_total_and_ends_itself() -> None:
    assert openmetrics([requests()]) == (
        "# HELP requests Requests.\n"
        "# TYPE requests counter\n"
        'requests_total{code="200"} 3\n'
        'requests_total{code="500"} 1\n'
        "# EOF\n"
    )


def test_a_counter_without_total_keeps_its_name_in_both_formats() -> None:
    assert "# TYPE nginx_connections_accepted counter\nnginx_connections_accepted 7\n" in text(
        [accepted()]
    )
    assert "# TYPE nginx_connections_accepted unknown\nnginx_connections_accepted 7\n" in (
        openmetrics([accepted()])
    )


def test_a_counter_with_total_in_its_own_name_is_the_same_counter() -> None:
    metric = Metric("x_total", "X.", "counter")
    metric.add_sample("x_total", {}, 1)
    assert "# TYPE x_total counter\nx_total 1\n" in text([metric])
    assert "# TYPE x counter\nx_total 1\n" in openmetrics([metric])


def test_an_unknown_metric_is_untyped_in_the_text_format() -> None:
    metric = UnknownMetricFamily("x", "X.", value=1)
    assert "# TYPE x untyped\n" in text([metric])
    assert "# TYPE x unknown\n" in openmetrics([metric])


def test_an_info_and_a_set_of_states_are_gauges_in_the_text_format() -> None:
    registry = CollectorRegistry()
    Info("build", "Build.", registry=registry).info({"version": "1"})
    Enum("state", "State.", states=["up", "down"], registry=registry).state("up")
    assert '# TYPE build_info gauge\nbuild_info{version="1"} 1\n' in text(registry.collect())
    assert '# TYPE state gauge\nstate{state="up"} 1\n' in text(registry.collect())
    assert '# TYPE build info\nbuild_info{version="1"} 1\n' in openmetrics(registry.collect())
    assert '# TYPE state stateset\nstate{state="up"} 1\n' in openmetrics(registry.collect())


def test_the_count_and_sum_of_a_gauge_histogram_are_gauges_in_the_text_format() -> None:
    metric = GaugeHistogramMetricFamily("x", "X.", buckets=[("1", 2), ("+Inf", 3)], gsum_value=4)
    assert [(f.name, f.type) for f in parse_text(text([metric]))] == [
        ("x", "histogram"),
        ("x_gcount", "gauge"),
        ("x_gsum", "gauge"),
    ]
    (read,) = parse_openmetrics(openmetrics([metric]))
    assert read.type == "gaugehistogram"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        (3.0, "3"),
        (True, "1"),
        (0.25, "0.25"),
        (1e300, "1e+300"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (2.0**60, "1.152921504606847e+18"),
    ],
)
def test_numbers_are_written_as_both_formats_read_them(value: float, written: str) -> None:
    assert text([gauge("x", value)]).endswith(f"x {written}\n")


# Both parsers split at whatever Python calls the end of a line; in the formats only \n is one.
TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), st.just("\n"))
)


@settings(deadline=None)
@given(label=TEXTS, description=TEXTS.map(str.strip))
def test_any_label_and_help_survive_both_formats(label: str, description: str) -> None:
    metric = gauge("x", 1.5, description, a=label)
    (from_text,) = parse_text(text([metric]))
    (from_openmetrics,) = parse_openmetrics(openmetrics([metric]))
    assert from_text.samples[0].labels == {"a": label}
    assert from_openmetrics.samples[0].labels == {"a": label}
    assert from_openmetrics.documentation == description


def test_a_histogram_is_cumulative_and_read_by_both_parsers() -> None:
    registry = CollectorRegistry()
    seconds = Histogram("wait_seconds", "Waits.", ["a"], registry=registry, buckets=(0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        seconds.labels("b").observe(value)
    written = text(registry.collect())
    assert 'wait_seconds_bucket{a="b",le="0.1"} 2\n' in written
    assert 'wait_seconds_bucket{a="b",le="1.0"} 3\n' in written
    assert 'wait_seconds_bucket{a="b",le="+Inf"} 4\n' in written
    assert 'wait_seconds_count{a="b"} 4\nwait_seconds_sum{a="b"} 7.65\n' in written
    assert [family.type for family in parse_text(written)] == ["histogram"]
    assert [f.type for f in parse_openmetrics(openmetrics(registry.collect()))] == ["histogram"]


def test_when_a_series_began_is_left_out_and_nothing_else_of_that_name() -> None:
    registry = CollectorRegistry()
    Counter("a", "A.", registry=registry)
    Histogram("b", "B.", registry=registry)
    Summary("c", "C.", registry=registry)
    Gauge("users_created", "A gauge of this name.", registry=registry)
    for write in (text, openmetrics):
        lines = write(registry.collect()).splitlines()
        assert [line for line in lines if "_created" in line and line[0] != "#"] == [
            "users_created 0"
        ]


def test_a_unit_and_an_exemplar_are_told_in_openmetrics_alone() -> None:
    registry = CollectorRegistry()
    Counter("sent", "Sent.", unit="bytes", registry=registry).inc(3, {"trace": "ab"})
    assert text(registry.collect()).splitlines()[1:] == [
        "# TYPE sent_bytes_total counter",
        "sent_bytes_total 3",
    ]
    (family,) = parse_openmetrics(openmetrics(registry.collect()))
    assert family.unit == "bytes"
    exemplar = family.samples[0].exemplar
    assert exemplar is not None
    assert (exemplar.labels, exemplar.value) == ({"trace": "ab"}, 3)


def test_a_time_is_milliseconds_in_text_and_seconds_in_openmetrics() -> None:
    metric = GaugeMetricFamily("x", "X.")
    metric.add_metric([], 1, timestamp=1.5)
    assert "\nx 1 1500\n" in text([metric])
    assert "\nx 1 1.5\n" in openmetrics([metric])


def test_a_name_that_the_formats_do_not_have_is_written_with_underscores() -> None:
    metric = GaugeMetricFamily("1st.request-größe", "X.", labels=["http.code"])
    metric.add_metric(["200"], 1)
    assert '\n_st_request_gr__e{http_code="200"} 1\n' in text([metric])
    (family,) = parse_openmetrics(openmetrics([metric]))
    assert family.name == "_st_request_gr__e"


def test_metrics_of_one_name_are_written_as_one() -> None:
    metrics = [gauge("x", 1, a="1"), requests(), gauge("x", 2, "Another.", a="2")]
    assert text(metrics).splitlines()[:4] == [
        "# HELP x X.",
        "# TYPE x gauge",
        'x{a="1"} 1',
        'x{a="2"} 2',
    ]
    assert [family.name for family in parse_openmetrics(openmetrics(metrics))] == ["x", "requests"]


def test_of_two_series_with_the_same_labels_the_first_one_counts() -> None:
    assert text([gauge("x", 1, a="1", b="2"), gauge("x", 3, b="2", a="1")]).splitlines()[2:] == [
        'x{a="1",b="2"} 1'
    ]


def test_two_types_under_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="the metric x is there twice: as gauge and as untyped"):
        text([gauge("x"), UnknownMetricFamily("x", "X.", value=1)])


def test_the_default_registry_of_prometheus_client_can_be_handed_over() -> None:
    registry = CollectorRegistry()
    Gauge("process_open_fds", "Ours.", registry=registry).set(3)
    both = [*registry.collect(), *REGISTRY.collect()]
    read = {family.name: family for family in parse_text(text(both))}
    assert [sample.value for sample in read["process_open_fds"].samples] == [3]
    assert "python_info" in read


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("", TEXT), ("text/plain", TEXT), ("application/openmetrics-text", OPENMETRICS)],
)
def test_what_is_asked_for_is_written(accept: str, content_type: str) -> None:
    write = openmetrics if content_type == OPENMETRICS else text
    assert exposed(accept, [requests()]) == (write([requests()]), content_type)
