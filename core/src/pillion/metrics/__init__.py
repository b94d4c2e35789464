"""What is added to prometheus-client: its metrics as text, and a bound on their series.

registry = CollectorRegistry()
scrapes = Counter("nginx_exporter_scrapes_total", "Scrapes.", ["code"], registry=registry)
scrapes.labels("200").inc()
text = exposition.text(registry.collect())

Counters, gauges, histograms, registries and families are those of `prometheus_client`. A registry
is always passed in: its module-level `REGISTRY` is never used.
"""

from pillion.metrics.bounded import BoundedSeries

__all__ = ["BoundedSeries"]
