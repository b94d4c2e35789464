from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from pillion.metrics import Family, Histogram, Registry, Sample
from pillion.metrics.exposition import OPENMETRICS, TEXT, negotiate, openmetrics, text

REQUESTS = Family(
    "requests_total",
    "counter",
    "Requests.",
    (Sample(3, (("code", "200"),)), Sample(1, (("code", "500"),))),
)


def test_text_has_help_type_and_samples() -> None:
    assert text([REQUESTS]) == (
        "# HELP requests_total Requests.\n"
        "# TYPE requests_total counter\n"
        'requests_total{code="200"} 3\n'
        'requests_total{code="500"} 1\n'
    )


def test_openmetrics_names_the_family_without_total_and_ends_itself() -> None:
    assert openmetrics([REQUESTS]) == (
        "# HELP requests Requests.\n"
        "# TYPE requests counter\n"
        'requests_total{code="200"} 3\n'
        'requests_total{code="500"} 1\n'
        "# EOF\n"
    )


def test_a_counter_without_total_keeps_its_name_in_both_formats() -> None:
    accepted = Family("nginx_connections_accepted", "counter", "Accepted.", (Sample(7),))
    assert "# TYPE nginx_connections_accepted counter\nnginx_connections_accepted 7\n" in text(
        [accepted]
    )
    assert "# TYPE nginx_connections_accepted unknown\nnginx_connections_accepted 7\n" in (
        openmetrics([accepted])
    )


def test_an_unknown_family_is_untyped_in_the_text_format() -> None:
    assert "# TYPE x untyped\n" in text([Family("x", "unknown", "X.", (Sample(1),))])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.25, "0.25"),
        (1e300, "1e+300"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (2.0**60, "1.152921504606847e+18"),
    ],
)
def test_numbers_are_written_as_both_formats_read_them(value: float, written: str) -> None:
    assert text([Family("x", "gauge", "X.", (Sample(value),))]).endswith(f"x {written}\n")


# Both parsers split at whatever Python calls the end of a line; in the formats only \n is one.
TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), st.just("\n"))
)


@given(label=TEXTS, description=TEXTS.map(str.strip))
def test_any_label_and_help_survive_both_formats(label: str, description: str) -> None:
    family = Family("x", "gauge", description, (Sample(1.5, (("a", label),)),))
    (from_text,) = parse_text(text([family]))
    (from_openmetrics,) = parse_openmetrics(openmetrics([family]))
    assert from_text.samples[0].labels == {"a": label}
    assert from_openmetrics.samples[0].labels == {"a": label}
    assert from_openmetrics.documentation == description


def test_a_histogram_is_cumulative_and_read_by_both_parsers() -> None:
    seconds = Histogram("wait_seconds", "Waits.", bounds=(0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        seconds.observe(value)
    written = text(seconds.families())
    assert 'wait_seconds_bucket{le="0.1"} 2\n' in written
    assert 'wait_seconds_bucket{le="1.0"} 3\n' in written
    assert 'wait_seconds_bucket{le="+Inf"} 4\n' in written
    assert "wait_seconds_sum 7.65\nwait_seconds_count 4\n" in written
    assert [family.type for family in parse_text(written)] == ["histogram"]
    assert [f.type for f in parse_openmetrics(openmetrics(seconds.families()))] == ["histogram"]


PROMETHEUS_2_ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3_ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html", TEXT),
        ("text/plain", TEXT),
        (PROMETHEUS_2_ACCEPT, OPENMETRICS),
        (PROMETHEUS_3_ACCEPT, OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;q=0.1,text/plain;version=0.0.4;q=0.9", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=x", TEXT),
    ],
)
def test_the_format_is_the_best_one_that_is_asked_for(accept: str, answer: str) -> None:
    assert negotiate(accept) == answer


def test_a_whole_registry_is_read_by_the_independent_parsers() -> None:
    registry = Registry()
    registry.counter("a_total", "A.", ("x",)).labelled('q"\\\n').inc(2)
    registry.gauge("b", "B.").set(-1.5)
    registry.histogram("c_seconds", "C.").observe(0.2)
    assert {f.name for f in parse_text(text(registry.families()))} == {"a", "b", "c_seconds"}
    assert {f.name for f in parse_openmetrics(openmetrics(registry.families()))} == {
        "a",
        "b",
        "c_seconds",
    }
