"""HTTP: asks, follows redirects, and judges the last answer; HTTP/1.1 and HTTP/2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import PROBE_ERRORS, ProbeError
from pillion_blackbox_exporter.probers.http.assertions import (
    judge_body,
    judge_headers,
    judge_json,
    judge_status,
    judge_version,
)
from pillion_blackbox_exporter.probers.http.content import Content
from pillion_blackbox_exporter.probers.http.cookies import Cookies
from pillion_blackbox_exporter.probers.http.credentials import authorize
from pillion_blackbox_exporter.probers.http.exchange import open_exchange
from pillion_blackbox_exporter.probers.http.metrics import (
    CONTENT_LENGTH,
    FAILED_DUE_TO_CEL,
    FAILED_DUE_TO_REGEX,
    REDIRECTS,
    SSL,
    begin_report,
    is_resolved_by_proxy,
    report_durations,
    report_head,
    report_length,
)
from pillion_blackbox_exporter.probers.http.request import (
    first_request,
    may_share_secrets,
    next_request,
    wanted_host,
)
from pillion_blackbox_exporter.probers.http.url import over_tls, parse_url
from pillion_blackbox_exporter.probing.metrics import forget_tls
from pillion_blackbox_exporter.probing.steps import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.net import Head
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.probers.http.exchange import Exchange
    from pillion_blackbox_exporter.probers.http.message import Request
    from pillion_blackbox_exporter.probing.probe import Probe

REDIRECT_LIMIT = 10


async def probe(probe: Probe) -> None:
    """Probe a URL; see `http` in the configuration."""
    begin_report(probe)
    try:
        await _probe(probe, probe.module.http)
    finally:
        probe.trace.end()
        report_durations(probe)


async def _probe(probe: Probe, section: HttpSection) -> None:
    url = parse_url(probe.target)
    if section.enable_http3 and url.scheme == "http":
        url = over_tls(url)
        probe.log.warning("HTTP/3 needs https; the target is taken as such", url=str(url))
    host = wanted_host(section, probe.hostname)
    request = first_request(section, url, host)
    address = ""
    if not is_resolved_by_proxy(section):
        address = await resolve(
            probe,
            url.scheme,
            url.host,
            url.port,
            section.preferred_ip_protocol,
            fallback=section.ip_protocol_fallback,
        )
    request, exchange, head = await _follow(probe, section, request, address, host)
    try:
        is_left = head.status in range(300, 400) and next_or_none(request, head) is not None
        await _judge(probe, section, request, exchange, head, is_left=is_left)
    finally:
        exchange.close()


def next_or_none(request: Request, head: Head) -> Request | None:
    """Return where a response redirects to, or None where it leads nowhere."""
    try:
        return next_request(request, head)
    except ProbeError:
        return None


async def _follow(
    probe: Probe, section: HttpSection, request: Request, address: str, host: str
) -> tuple[Request, Exchange, Head]:
    """Send the request and those that redirects ask for; return the last one's response."""
    first, cookies, redirects = request.url, Cookies(), 0
    while True:
        is_first_host = request.url.host.lower() == first.host.lower()
        name = request.url.host
        if is_first_host:
            name = section.tls_config.server_name or host.partition(":")[0] or name
        if may_share_secrets(first, request.url):
            await authorize(probe, section, request)
        request.cookie = cookies.header(request.url)
        stays = is_first_host and request.url.port == first.port
        exchange = await open_exchange(
            probe,
            request,
            section,
            name,
            http2=section.enable_http2,
            http3=section.enable_http3,
            address=address if stays else "",
        )
        try:
            probe.log.debug("sending a request", url=str(request.url), host=request.host)
            head = await exchange.send(request)
            probe.trace.end(head.received_at)
            probe.log.debug("received a response", status=head.status, version=head.version)
            following = next_request(request, head)
            if following is None:
                return request, exchange, head
            redirects += 1
            probe.report.set(REDIRECTS, redirects)
            probe.log.debug("it is a redirect", location=str(following.url))
            if following.withheld:
                probe.log.info(
                    "the redirect leads to another host, which is not told all",
                    withheld=", ".join(following.withheld),
                )
            if redirects > REDIRECT_LIMIT or not section.redirects_are_followed:
                return request, exchange, head
        except BaseException:
            exchange.close()
            raise
        exchange.close()
        forget_tls(probe)
        cookies.store(request.url, head.all("set-cookie"))
        request = following


async def _judge(
    probe: Probe,
    section: HttpSection,
    request: Request,
    exchange: Exchange,
    head: Head,
    *,
    is_left: bool,
) -> None:
    """Report the response and judge it; the first thing that is wrong is why the probe fails."""
    probe.trace.begin("transfer", head.received_at)
    report_head(probe, head)
    probe.report.set(CONTENT_LENGTH, head.content_length(request.method))
    redirects = int(probe.report.get(REDIRECTS) or 0)
    redirects = redirects if redirects > REDIRECT_LIMIT else 0
    _attempt(probe, lambda: judge_status(section, head.status, redirects=redirects))
    if probe.is_well() and section.judges_headers:
        _attempt(probe, lambda: judge_headers(section, head))
        probe.report.set(FAILED_DUE_TO_REGEX, 0 if probe.is_well() else 1)
    content = Content(section.compression, section.body_size_limit, keep=section.judges_content)
    if not is_left or section.judges_content:
        await _read(probe, exchange, content)
    probe.trace.end(max(exchange.received_at, head.received_at))
    report_length(probe, content.length)
    await _judge_content(probe, section, content)
    _attempt(probe, lambda: judge_version(section, head.version))
    is_tls = request.url.scheme == "https"
    probe.report.set(SSL, 1 if is_tls else 0)
    if is_tls and section.fail_if_ssl:
        probe.fail("tls_present", "the last response came over TLS")
    elif section.fail_if_not_ssl and not is_tls:
        probe.fail("tls_absent", "the last response came without TLS")


async def _read(probe: Probe, exchange: Exchange, content: Content) -> None:
    try:
        while piece := await exchange.read():
            await content.take(piece)
        content.end()
    except PROBE_ERRORS as error:
        probe.fail(error.reason, str(error))
    except BaseException:
        report_length(probe, content.length)
        raise
    if content.is_cut:
        probe.log.warning("only the beginning of the content is matched", bytes=len(content.kept))


async def _judge_content(probe: Probe, section: HttpSection, content: Content) -> None:
    if probe.is_well() and section.judges_body:
        try:
            await judge_body(section, bytes(content.kept))
            probe.report.set(FAILED_DUE_TO_REGEX, 0)
        except ProbeError as error:
            probe.report.set(FAILED_DUE_TO_REGEX, 1)
            probe.fail(error.reason, str(error))
    if probe.is_well() and section.judges_json:
        try:
            await judge_json(section, bytes(content.kept))
        except ProbeError as error:
            probe.report.set(FAILED_DUE_TO_CEL, 1)
            probe.fail(error.reason, str(error))


def _attempt(probe: Probe, judge: Callable[[], None]) -> None:
    try:
        judge()
    except ProbeError as error:
        probe.fail(error.reason, str(error))
