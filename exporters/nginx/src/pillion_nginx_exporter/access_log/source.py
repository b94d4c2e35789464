"""The access log as a part of the exporter: made of the settings, started, collected, closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily

from pillion_nginx_exporter.access_log.counting import AccessLog
from pillion_nginx_exporter.access_log.landing import access_log_section
from pillion_nginx_exporter.access_log.metrics import metrics
from pillion_nginx_exporter.access_log.readers import reader_of
from pillion_nginx_exporter.access_log.recent import Recent
from pillion_nginx_exporter.access_log.slowest import SlowestPaths
from pillion_nginx_exporter.access_log.syslog import SyslogReceiver
from pillion_nginx_exporter.access_log.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

    from pillion.lifecycle import Deadline, Health
    from pillion.log import Logger
    from pillion_nginx_exporter.access_log.configuration import AccessLogConfig
    from pillion_nginx_exporter.access_log.files import FileReader

_SAMPLE_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_TIMEOUT = 30.0


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
        config: AccessLogConfig,
        *,
        log: Logger,
        health: Health,
        clock: Callable[[], float],
    ) -> None:
        """Take what to count."""
        self.totals = Totals(
            [rule.name for rule in config.rules],
            config.buckets,
            config.series,
            [rule.name for rule in config.rules if rule.only_counter],
        )
        readers = [reader_of(written, config.rules, self.totals) for written in config.formats]
        self.log_of_requests = AccessLog(readers, self.totals)
        self.receivers = [
            SyslogReceiver(address, self._count, log, config.tags)
            for address in dict.fromkeys(config.syslog)
        ]
        self.files: FileReader | None = None
        self._config = config
        self._own = {
            **config.labels,
            **config.constant,
            **({"namespace": config.name} if config.name else {}),
        }
        self._part = f"access log {config.name}".strip()
        self._log = log
        self._health = health
        self._clock = clock
        self._recent = Recent()
        self._recent.note(clock(), self.totals)
        self._slowest = SlowestPaths() if config.has_slowest_paths else None
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
        config = self._config
        if config.paths:
            # 3 MB, and only where files are read
            from pillion_nginx_exporter.access_log.files import FileReader  # noqa: PLC0415

            self.files = FileReader(
                config.paths,
                state_dir=config.state_dir,
                from_head=config.from_head,
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
        self._flush()
        yield from metrics(
            self.totals, self._config.names, self._config.constant, self._config.labels
        )
        yield self._counter(
            "nginx_exporter_access_log_limited",
            "Requests counted under other since --nginx.access-log.series was met.",
            self.totals.limited,
        )
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

            collector = TailCollector(self.files.tailer, "nginx_exporter_access_log", self._own)
            yield from collector.collect()

    def section(self) -> str:
        """Return its part of the landing page."""
        self._flush()
        now = self._clock()
        slowest = None
        if self._slowest is not None:
            self._slowest.watch(now)
            slowest = self._slowest.top(now)
        return access_log_section(
            self._part.capitalize(),
            self.totals,
            self._recent,
            self.log_of_requests.sample,
            slowest,
        )

    def _flush(self) -> None:
        for receiver in self.receivers:
            receiver.flush()

    def _counter(self, name: str, description: str, value: int) -> Metric:
        family = CounterMetricFamily(name, description, labels=list(self._own))
        family.add_metric(list(self._own.values()), value)
        return family

    def _count(self, block: bytes) -> None:
        self.log_of_requests.count(block)
        if self._slowest is not None and self._slowest.is_watched(now := self._clock()):
            self._slowest.note(now, self.log_of_requests.requests(block))
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
            self._health.beat(f"the counting of the {self._part}", _TIMEOUT)
            self._flush()
            self._recent.note(self._clock(), self.totals)
            if self.files is not None:
                self.files.look(self._health, self._part)
            await asyncio.sleep(_LOOK_SECONDS)
