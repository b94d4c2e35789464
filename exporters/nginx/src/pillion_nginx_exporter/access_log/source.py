"""The access log as a part of the exporter: made of the settings, started, collected, closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily

from pillion_nginx_exporter.access_log.counting import AccessLog
from pillion_nginx_exporter.access_log.label_rules import standard_rules
from pillion_nginx_exporter.access_log.landing import access_log_section
from pillion_nginx_exporter.access_log.metrics import metrics
from pillion_nginx_exporter.access_log.readers import reader_of
from pillion_nginx_exporter.access_log.syslog import SyslogReceiver
from pillion_nginx_exporter.access_log.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import Metric

    from pillion.lifecycle import Deadline, Health
    from pillion.log import Logger
    from pillion_nginx_exporter.access_log.files import FileReader
    from pillion_nginx_exporter.access_log.settings import AccessLogSettings

_SAMPLE_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_PATIENCE = 30.0
_WORK = "the counting of access logs"


class AccessLogSource:
    """Counts what the files and sockets bring.

    Attributes:
        totals: what was counted, so far.
        receivers: the syslog sockets.
        files: what reads files, once it is started; None where there are none.
        log_of_requests: counts, and has the sample of what fits no format.
    """

    def __init__(
        self,
        settings: AccessLogSettings,
        *,
        constant: Mapping[str, str],
        log: Logger,
        health: Health,
        clock: Callable[[], float],
    ) -> None:
        """Take the settings; `constant` labels are put on every series."""
        rules = standard_rules(settings.labels)
        names = [rule.name for rule in rules]
        self.totals = Totals(names, sorted(set(settings.buckets)), settings.series)
        readers = [reader_of(text, rules, self.totals) for text in settings.formats]
        self.log_of_requests = AccessLog(readers, self.totals)
        self.receivers = [
            SyslogReceiver(address, self._count, log) for address in dict.fromkeys(settings.syslog)
        ]
        self.files: FileReader | None = None
        self._settings = settings
        self._namespace = settings.namespace
        self._constant = dict(constant)
        self._log = log
        self._health = health
        self._clock = clock
        self._sampled_at = float("-inf")
        self._errors_told = 0
        self._has_told_limit = False
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read and to receive.

        Raises:
            ConfigurationError: an address cannot be listened on, or the directory of the state
                cannot be used.
        """
        for receiver in self.receivers:
            receiver.open()
        settings = self._settings
        if settings.paths:
            # 3 MB, and only where files are read
            from pillion_nginx_exporter.access_log.files import FileReader  # noqa: PLC0415

            self.files = FileReader(
                settings.paths,
                state_dir=settings.state_dir,
                from_head=settings.from_head,
                count=self._count,
                log=self._log,
            )
            self.files.start()
        self._looking = asyncio.create_task(self._look())

    async def close(self, deadline: Deadline) -> None:
        """Count what has come, and keep the positions."""
        if self._looking is not None:
            self._looking.cancel()
        for receiver in self.receivers:
            receiver.close()
        if self.files is not None:
            await self.files.close(deadline)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they stand; prometheus-client's registry asks for them."""
        yield from metrics(self.totals, self._namespace, self._constant)
        if self.receivers:
            yield self._counter(
                "nginx_exporter_access_syslog_received",
                "Datagrams received.",
                sum(receiver.received for receiver in self.receivers),
            )
            yield self._counter(
                "nginx_exporter_access_syslog_lost",
                "Datagrams that the kernel dropped, since the receive buffer was full.",
                sum(receiver.lost for receiver in self.receivers),
            )
        if self.files is not None:
            from pillion.tail.metrics import TailCollector  # noqa: PLC0415  # as files above

            collector = TailCollector(
                self.files.tailer, "nginx_exporter_access_log", self._constant
            )
            yield from collector.collect()

    def section(self) -> str:
        """Return its part of the landing page."""
        return access_log_section(self.totals, self.log_of_requests.sample)

    def _counter(self, name: str, description: str, value: int) -> Metric:
        family = CounterMetricFamily(name, description, labels=list(self._constant))
        family.add_metric(list(self._constant.values()), value)
        return family

    def _count(self, block: bytes) -> None:
        self.log_of_requests.count(block)
        if self.totals.parse_errors > self._errors_told:
            now = self._clock()
            if now - self._sampled_at >= _SAMPLE_SECONDS:
                self._log.warning(
                    "lines of the access log fit no format",
                    lines=self.totals.parse_errors - self._errors_told,
                    sample=self.log_of_requests.sample,
                )
                self._sampled_at = now
                self._errors_told = self.totals.parse_errors
        if self.totals.limited and not self._has_told_limit:
            self._has_told_limit = True
            self._log.warning(
                "there are too many combinations of labels; further ones count under other",
                flag="--nginx.access-log.series",
            )

    async def _look(self) -> None:
        while True:
            self._health.beat(_WORK, _PATIENCE)
            if self.files is not None:
                self.files.look(self._health)
            await asyncio.sleep(_LOOK_SECONDS)
