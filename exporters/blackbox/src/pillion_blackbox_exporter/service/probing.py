"""`/probe`: one target by one module, for Prometheus or for a person (`debug=true`)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from prometheus_client import Counter

from pillion.metrics.negotiation import OPENMETRICS, negotiate
from pillion.web.standard import text_response
from pillion_blackbox_exporter.probing.address import decoded
from pillion_blackbox_exporter.probing.log import ProbeLog
from pillion_blackbox_exporter.probing.probe import Probe
from pillion_blackbox_exporter.probing.report import Report
from pillion_blackbox_exporter.probing.trace import Trace
from pillion_blackbox_exporter.runner.addresses import run_addresses
from pillion_blackbox_exporter.runner.run import load, run
from pillion_blackbox_exporter.service.concurrency import LimitReachedError
from pillion_blackbox_exporter.service.debug import as_used, debug_text
from pillion_blackbox_exporter.service.timeout import HEADER, probe_timeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from pillion.log import Logger
    from pillion_blackbox_exporter.configuration import Module
    from pillion_blackbox_exporter.network import Network
    from pillion_blackbox_exporter.runner.run import Result
    from pillion_blackbox_exporter.service.concurrency import ConcurrencyLimit
    from pillion_blackbox_exporter.service.history import History
    from pillion_blackbox_exporter.service.modules import Modules

DEFAULT_MODULE = "http_2xx"
TARGET_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What a request asks for.

    Attributes:
        name: the module's.
        module: the module.
        target: as it is written.
        hostname: the parameter, or nothing.
        seconds: how long the probe may take.
        wants_debug: whether the answer is text for people.
    """

    name: str
    module: Module
    target: str
    hostname: str
    seconds: float
    wants_debug: bool


class ProbeHandler:
    """Answers `/probe`."""

    def __init__(
        self,
        modules: Modules,
        network: Network,
        history: History,
        limit: ConcurrencyLimit,
        *,
        offset: float,
        log: Logger,
        level: str,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._modules = modules
        self._network = network
        self._history = history
        self._limit = limit
        self._offset = offset
        self._log = log
        self._level = level
        self._clock = clock
        self._unknown = Counter(
            "blackbox_module_unknown_total",
            "Probes that asked for a module that there is not.",
            registry=registry,
        )
        probes = Counter(
            "blackbox_exporter_probes_total",
            "Probes, by what came of them.",
            ("result",),
            registry=registry,
        )
        self._succeeded, self._failed = probes.labels("success"), probes.labels("failure")
        self._turned_away = probes.labels("turned_away")

    async def answer(self, request: web.Request) -> web.Response:
        """Probe, and answer with the metrics; a probe that fails is answered with 200 too."""
        began = self._clock()
        asked = self._read(request)
        if not isinstance(asked, ProbeRequest):
            return asked
        try:
            await self._limit.acquire(asked.seconds / 2)
        except LimitReachedError:
            self._turned_away.inc()
            sentence = "too many probes are under way, and none ended in time for this one\n"
            return web.Response(status=503, text=sentence, headers={"Retry-After": "1"})
        try:
            result = await self._probe(asked, began)
        finally:
            self._limit.release()
        (self._succeeded if result.success else self._failed).inc()
        if asked.wants_debug:
            used = as_used(asked.module, asked.hostname)
            return web.Response(text=debug_text(result, used))
        content_type = negotiate(request.headers.get(hdrs.ACCEPT, ""))
        end = "# EOF\n" if content_type is OPENMETRICS else ""
        return text_response(result.report.text() + end, content_type)

    def _read(self, request: web.Request) -> ProbeRequest | web.Response:
        """Return what is asked for, or why it cannot be done."""
        query = request.query
        name = query.get("module") or DEFAULT_MODULE
        module = self._modules.current.modules.get(name)
        if module is None:
            self._unknown.inc()
            return _refused(400, f"there is no module {name[:200]!r}")
        target = decoded(query.get("target", ""))
        if not target or len(target) > TARGET_LIMIT:
            what = "is too long" if target else "is missing"
            return _refused(400, f"the parameter target {what}")
        hostname = query.get("hostname", "")
        if problem := _host_problem(module, hostname):
            return _refused(400, problem)
        try:
            header = request.headers.get(HEADER, "")
            seconds = probe_timeout(header, module.timeout, self._offset)
        except ValueError as error:
            return _refused(500, str(error))
        wants_debug = query.get("debug") == "true"
        return ProbeRequest(name, module, target, hostname, seconds, wants_debug)

    async def _probe(self, asked: ProbeRequest, began: float) -> Result:
        module = asked.module
        load(module.prober)  # the first probe of a kind pays for it before its time is taken
        at = time.time()
        secrets = self._modules.secrets(asked.name)
        probe = Probe(
            target=asked.target,
            module=module,
            trace=Trace(self._clock),
            report=Report(),
            log=ProbeLog(self._log, self._level, secrets, asked.target, name=asked.name),
            network=self._network,
            deadline=began + asked.seconds,
            timeout=asked.seconds,
            hostname=asked.hostname,
            unsupported=self._modules.unsupported(asked.name),
        )
        result = await (run(probe) if module.addresses == "first" else run_addresses(probe))
        used = as_used(module, asked.hostname)
        self._history.add(at, asked.name, used, asked.target, result)
        return result


def _refused(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n")


def _host_problem(module: Module, hostname: str) -> str:
    """Return why a `hostname` parameter is the request's fault, or nothing."""
    if not hostname or module.prober != "http":
        return ""
    if any(not "!" <= letter <= "~" for letter in hostname):
        return "the parameter hostname is not a host name"
    for key, value in module.http.headers.items():
        if key.lower() == "host" and value != hostname:
            return (
                f"the module sends the header Host: {value}, and the parameter hostname asks "
                f"for {hostname}"
            )
    return ""
