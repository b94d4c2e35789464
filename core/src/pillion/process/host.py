"""One service with its web server. A process may hold several, each with a registry of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pillion.errors import PillionError
from pillion.process.aiohttp_web import web
from pillion.process.settings import ProcessSettings, WebSettings
from pillion.web import Server
from pillion.web.standard import add_standard_routes
from pillion.web.systemd import sockets_from_systemd

if TYPE_CHECKING:
    from pillion.lifecycle import Deadline
    from pillion.log import Logger
    from pillion.process.service import Context, Service
    from pillion.settings import Address, Values
    from pillion.web import Limits, Security

_GRACE = 5.0


class Host:
    """Starts a service behind a web server, reloads it, drains it.

    Args:
        context: what the service was built from.
        service: the work.
        application: what the service's routes are added to.
        security: TLS and users; None for plain HTTP and everyone.
        limits: what a client may cost.
        prefix: what every path begins with (`/blackbox`). `GET /` is then sent on to it.
    """

    def __init__(
        self,
        context: Context,
        service: Service,
        *,
        application: web.Application | None = None,
        security: Security | None = None,
        limits: Limits | None = None,
        prefix: str = "",
    ) -> None:
        settings = context.values[WebSettings]
        self._context = context
        self._log = context.log
        self._service = service
        self._reloading = asyncio.Lock()
        if application is None:
            application = web.Application()
        add_standard_routes(
            application,
            healthy=context.health.why_unhealthy,
            ready=context.health.why_not_ready,
            reload=self.reload,
        )
        service.routes(application)
        application.on_response_prepare.append(_forbid_sniffing)
        self._server = Server(
            _below(prefix, application) if prefix else application,
            listen=() if settings.systemd_socket else settings.listen_address,
            sockets=sockets_from_systemd() if settings.systemd_socket else (),
            log=context.log,
            security=security,
            limits=limits,
        )

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens, from `start` on."""
        return self._server.addresses

    async def start(self) -> None:
        """Listen, start the service, and be ready.

        Raises:
            ConfigurationError: an address cannot be listened on, or the service cannot start;
                then nothing listens any more.
        """
        await self._server.start()
        for address in self._server.addresses:
            self._log.info("listening", address=address)
        try:
            await self._service.start()
        except BaseException:
            await self._server.close(grace=0)
            raise
        self._context.health.unblock("start")

    async def reload(self) -> None:
        """Have the service take up its configuration; one reload at a time.

        Raises:
            PillionError: the old one stays, and the log says why.
        """
        async with self._reloading:
            try:
                await self._service.reload()
            except PillionError as error:
                self._log.error("the configuration was not reloaded", reason=error)
                raise
            self._log.info("the configuration was reloaded")

    async def drain(self, deadline: Deadline) -> None:
        """Finish what is in hand, as far as the deadline allows, and close.

        Raises:
            PillionError: the service had come to its end by an error.
        """
        self._context.health.block("stop", "it is shutting down")
        try:
            await asyncio.wait_for(self._service.drain(deadline), deadline.remaining or None)
        except TimeoutError:
            within = self._context.values[ProcessSettings].drain_timeout
            self._log.warning("the work in hand was cut off", after=f"{within:g}s")
        finally:
            await self._server.close(grace=min(deadline.remaining, _GRACE))


def read_security(values: Values, log: Logger) -> Security | None:
    """Return the TLS and the users that the settings name, None for plain HTTP and everyone.

    Raises:
        ConfigurationError: the file cannot be read or is wrong.
    """
    path = values[WebSettings].config_file
    if path is None:
        return None
    from pillion.web import Security  # noqa: PLC0415  # TLS, YAML and bcrypt: 7 MB

    return Security.read(path, log)


async def _forbid_sniffing(_: web.Request, response: web.StreamResponse) -> None:
    """Keep browsers from taking text that quotes a request for a page."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


def _below(prefix: str, application: web.Application) -> web.Application:
    """Return an application that answers below a prefix."""

    async def go_home(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{prefix}/"})

    site = web.Application()
    site.router.add_get("/", go_home)
    site.router.add_get(prefix, go_home)
    site.add_subapp(prefix, application)
    return site
