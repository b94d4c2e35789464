"""Families of prometheus-client, for whoever has metrics there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from pillion.metrics.model import Family, Kind, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ForeignRegistry(Protocol):
    """What `prometheus_client.CollectorRegistry` is to us."""

    def collect(self) -> Iterable[Any]:
        """Return prometheus-client's metrics, each with its samples."""
        ...


class PrometheusClientSource:
    """A source for `Registry.add`: the families of a prometheus-client registry.

    Its `_created` series are left out: a second series for each counter that nobody asked for.
    """

    __slots__ = ("_registry",)

    def __init__(self, registry: ForeignRegistry) -> None:
        self._registry = registry

    def families(self) -> Iterator[Family]:
        """Yield the families as they stand now."""
        for metric in self._registry.collect():
            name = metric.name + {"counter": "_total", "info": "_info"}.get(metric.type, "")
            samples = [
                Sample(value, tuple(labels.items()), sample_name.removeprefix(name))
                for sample_name, labels, value, *_ in metric.samples
                if not sample_name.endswith("_created")
            ]
            yield Family(name, _kind(metric.type), metric.documentation, samples)


def _kind(written: str) -> Kind:
    if written in ("counter", "gauge", "histogram", "summary"):
        return cast("Kind", written)
    return "gauge" if written in ("info", "stateset") else "unknown"
