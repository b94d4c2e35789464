"""Metrics that differ in their samples alone."""

from __future__ import annotations

import pytest
from prometheus_client.core import Metric, Sample

from pillion.metrics.template import MetricTemplate


@pytest.mark.parametrize("kind", ["counter", "gauge", "untyped"])
def test_what_is_filled_is_the_metric_that_would_be_made(kind: str) -> None:
    samples = [Sample("jobs", {"queue": "mail"}, 3)]
    made = Metric("jobs", "Jobs that wait.", kind)
    made.samples = samples
    assert MetricTemplate("jobs", "Jobs that wait.", kind).filled(samples) == made


def test_every_filling_is_a_metric_of_its_own() -> None:
    template = MetricTemplate("jobs", "Jobs that wait.", "gauge")
    first, second = template.filled([Sample("jobs", {}, 1)]), template.filled([])
    assert [sample.value for sample in first.samples] == [1]
    assert second.samples == []


@pytest.mark.parametrize(("name", "kind"), [("", "gauge"), ("jobs", "ruler")])
def test_a_wrong_name_or_type_is_refused_when_it_is_declared(name: str, kind: str) -> None:
    with pytest.raises(ValueError, match="metric"):
        MetricTemplate(name, "Jobs that wait.", kind)


def test_a_metric_has_no_attribute_that_a_template_does_not_fill() -> None:
    assert set(vars(Metric("jobs", "Jobs that wait.", "gauge"))) == set(
        vars(MetricTemplate("jobs", "Jobs that wait.", "gauge").filled([]))
    )
