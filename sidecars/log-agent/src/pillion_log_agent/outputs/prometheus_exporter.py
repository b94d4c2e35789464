"""The output `prometheus_exporter`: serves what `log_to_metrics` makes, on an address of its own.

Source: fluent-bit's manual, "Prometheus exporter". It takes no records: logs that match it go to
the other outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import repeated, setting
from pillion.settings.kinds import Address
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PAIR, PORT, TEXT
from pillion_log_agent.outputs.output import TAKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from prometheus_client import Metric

    from pillion.web import Server
    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class PrometheusExporterProperties:
    """The properties of `prometheus_exporter`."""

    host: str = setting("host", TEXT, "The address to listen on.", default="0.0.0.0")  # noqa: S104  # as fluent-bit
    port: int = setting("port", PORT, "The port.", default=2021)
    add_label: tuple[tuple[str, ...], ...] = repeated("add_label", PAIR, "A label of every sample.")


class PrometheusExporterOutput:
    """Serves metrics."""

    delay = False

    def __init__(self, properties: PrometheusExporterProperties, context: OutputContext) -> None:
        self._address = Address(properties.host, properties.port)
        self._labels = {pair[0]: pair[1] for pair in properties.add_label}
        self._log = context.log
        self._collect: Callable[[], Iterable[Metric]] | None = None
        self._server: Server | None = None

    async def serve(self, collect: Callable[[], Iterable[Metric]]) -> None:
        """Begin to answer.

        Args:
            collect: the metrics of the filters.

        Raises:
            ConfigurationError: the address cannot be listened on.
        """
        from aiohttp import web  # loaded with the process's own server  # noqa: PLC0415
        from prometheus_client import CollectorRegistry  # noqa: PLC0415  # as above

        from pillion.web import Server  # noqa: PLC0415  # as above
        from pillion.web.standard import add_metrics_route  # noqa: PLC0415  # as above

        self._collect = collect
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        application = web.Application()
        add_metrics_route(application, "/metrics", registry)
        server = Server(application, listen=[self._address], log=self._log)
        await server.start()
        self._server = server
        self._log.info("serving metrics", port=server.addresses[0].port)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the filters, with the labels of the configuration."""
        for metric in self._collect() if self._collect is not None else ():
            metric.samples = [
                sample._replace(labels=sample.labels | self._labels) for sample in metric.samples
            ]
            yield metric

    async def write(self, _batches: Sequence[Batch]) -> Outcome:
        """Take nothing: no record comes here."""
        return TAKEN

    async def close(self) -> None:
        """Answer no more."""
        server, self._server = self._server, None
        if server is not None:
            await server.close(grace=1.0)


PROMETHEUS_EXPORTER = Declaration(
    name="prometheus_exporter",
    summary="Serves what log_to_metrics makes, on an address of its own.",
    properties=PrometheusExporterProperties,
    accepted={"add_timestamp": "a scrape has its own time"},
    build=PrometheusExporterOutput,
)
