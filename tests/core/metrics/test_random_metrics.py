"""Whatever prometheus-client can hold is read back by its own parsers and by Prometheus' promtool."""

from __future__ import annotations

import math
import subprocess
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client.core import Metric, UnknownMetricFamily
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from pillion.metrics.exposition import openmetrics, text
from tests.needs import program

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.metrics import MetricWrapperBase

# Both parsers split at whatever Python calls the end of a line; in the formats only \n is one.
TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), st.sampled_from('\n\\"')),
    max_size=20,
)
AMOUNTS = st.floats(min_value=0, max_value=1e18) | st.integers(0, 10**9).map(float)
VALUES = st.floats() | st.integers(-(10**9), 10**9).map(float)
LABELS = st.lists(st.sampled_from(["code", "path", "a_b", "Z9"]), unique=True, max_size=3)
MAKERS = (Counter, Gauge, Histogram, Summary, Info, Enum, UnknownMetricFamily, "counter")

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@st.composite
def one(draw: st.DrawFn, name: str, registry: CollectorRegistry) -> Iterable[Metric]:
    """Draw a metric of any kind; those that count are in the registry, the others returned."""
    maker = draw(st.sampled_from(MAKERS))
    labels, description = draw(LABELS), draw(TEXTS)
    values = draw(st.lists(st.tuples(*(TEXTS for _ in labels)), unique=True, max_size=3))
    if maker == "counter":  # one without _total, as exporters of others have them
        metric = Metric(name, description, "counter")
        for each in values:
            pairs = dict(zip(labels, each, strict=True))
            metric.add_sample(name, pairs, draw(AMOUNTS))
        return [metric]
    if maker is UnknownMetricFamily:
        family = UnknownMetricFamily(name, description, labels=labels)
        for each in values:
            family.add_metric(each, draw(VALUES))
        return [family]
    assert callable(maker)
    more = {"states": ["up", "down"]} if maker is Enum else {}
    metric_ = maker(name, description, labels, registry=registry, **more)
    for child in [metric_.labels(*each) for each in values] if labels else [metric_]:
        fill(draw, child)
    return []


def fill(draw: st.DrawFn, metric: MetricWrapperBase) -> None:
    match metric:
        case Counter():
            metric.inc(draw(AMOUNTS))
        case Gauge():
            metric.set(draw(VALUES))
        case Histogram() | Summary():
            for amount in draw(st.lists(AMOUNTS, max_size=4)):
                metric.observe(amount)
        case Info():
            metric.info({"version": draw(TEXTS)})
        case Enum():
            metric.state(draw(st.sampled_from(["up", "down"])))


@st.composite
def many(draw: st.DrawFn) -> list[Metric]:
    registry, others = CollectorRegistry(), list[Metric]()
    for number in range(draw(st.integers(0, 6))):
        others += draw(one(f"metric_{'abcdef'[number]}", registry))
    return [*others, *registry.collect()]


def series(metrics: Iterable[Metric]) -> Series:
    """Return every series that is exposed; the text parser adds `_total` to counters without."""
    return {
        (sample.name.removesuffix("_total"), frozenset(sample.labels.items())): sample.value
        for metric in metrics
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


def same(left: Series, right: Series) -> bool:
    return left.keys() == right.keys() and all(
        value == right[key] or (math.isnan(value) and math.isnan(right[key]))
        for key, value in left.items()
    )


@settings(deadline=None)
@given(metrics=many())
def test_every_series_is_read_back_from_the_text_format(metrics: list[Metric]) -> None:
    assert same(series(parse_text(text(metrics))), series(metrics))


@settings(deadline=None)
@given(metrics=many())
def test_every_series_is_read_back_from_openmetrics(metrics: list[Metric]) -> None:
    assert same(series(parse_openmetrics(openmetrics(metrics))), series(metrics))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(metrics=many())
def test_promtool_reads_the_text_format(metrics: list[Metric]) -> None:
    ran = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=text(metrics).encode(),
        capture_output=True,
        check=False,
    )
    # 3 is an opinion on a name or a description; what cannot be read is 1.
    assert ran.returncode in (0, 3), ran.stderr.decode()
