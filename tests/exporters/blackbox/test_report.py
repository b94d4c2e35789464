"""A report's own text is what the core's writer makes of the same metrics."""

from __future__ import annotations

import math

import pytest

from pillion.metrics import exposition
from pillion_blackbox_exporter.probing.report import Gauge, Report

PLAIN, LABELLED, INFO = Gauge("b_plain", "One."), Gauge("a_labelled", "Two."), Gauge("c", "Three.")


def filled(value: float) -> Report:
    report = Report()
    report.set(PLAIN, value)
    report.label(LABELLED, (("phase", "tls"),), value)
    report.label(LABELLED, (("phase", "connect"),), 0)
    report.label(INFO, (("subject", 'CN="a\\b"\nO=\u00fc'), ("issuer", "")), 1)
    return report


@pytest.mark.parametrize(
    "value", [0, 1, -1, 0.25, 1e300, 1e-9, 2**40, math.inf, -math.inf, math.nan]
)
def test_the_text_is_that_of_the_writer_in_both_formats(value: float) -> None:
    report = filled(value)
    assert report.text() == exposition.text(report.collect())
    assert report.text() + "# EOF\n" == exposition.openmetrics(report.collect())


def test_a_report_without_metrics_is_empty() -> None:
    assert Report().text() == ""
