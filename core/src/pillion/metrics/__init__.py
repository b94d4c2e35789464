"""Metrics: counters, gauges and histograms, and their text on `/metrics`.

registry = Registry()
scrapes = registry.counter("nginx_exporter_scrapes_total", "Scrapes.", labels=("code",))
scrapes.labelled("200").inc()
text = exposition.text(registry.families())
"""

from pillion.metrics.instruments import Counter, Gauge, Histogram, Registry
from pillion.metrics.model import Family, Kind, Sample, Source

__all__ = ["Counter", "Family", "Gauge", "Histogram", "Kind", "Registry", "Sample", "Source"]
