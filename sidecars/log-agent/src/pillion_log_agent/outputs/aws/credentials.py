"""Credentials of AWS: found and refreshed by botocore, outside the event loop.

botocore asks over blocking sockets of its own: the instance's metadata service, the container's
endpoint, STS. So it runs in a thread, one at a time, and whoever waits does so for a limited time.

Source: botocore's "Credentials" guide; its chain is that of the AWS SDKs: environment, profile,
web identity, shared files, process, container, instance.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = 20.0
_SESSION_NAME = "pillion-log-agent"
_NONE_FOUND = (
    "no AWS credentials were found: neither in the environment nor in the shared files, and no "
    "web identity, container or instance has any"
)


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Where credentials come from.

    Attributes:
        region: for STS.
        profile: in the shared files; that of the environment if not given.
        role_arn: a role to assume with what is found.
        external_id: what the role asks for.
        sts_endpoint: the address of STS; AWS's own if not given.
    """

    region: str
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    sts_endpoint: str | None = None


class AwsCredentials:
    """The credentials of one output.

    Raises, when it is made:
        ConfigurationError: botocore is not installed.
    """

    def __init__(self, source: CredentialSource, *, timeout: float = TIMEOUT) -> None:
        try:
            import botocore.credentials  # 18 MB with its session  # noqa: F401, PLC0415
        except ImportError:
            raise ConfigurationError(
                "outputs to AWS need botocore, which is not installed: "
                "pip install 'pillion-log-agent[aws]'"
            ) from None
        self._source = source
        self._timeout = timeout
        self._found: Any = None
        self._frozen: Any = None
        self._running: asyncio.Future[tuple[Any, Any]] | None = None

    async def current(self) -> Any:
        """Return the credentials that hold now: access_key, secret_key and token.

        Raises:
            TransientError: there are none, or whoever has them does not answer.
        """
        if self._frozen is not None and not self._needs_refresh():
            return self._frozen
        if self._running is None or self._running.done():
            self._running = _in_thread(partial(_resolve, self._source, self._found))
        try:
            async with asyncio.timeout(self._timeout):
                self._found, self._frozen = await asyncio.shield(self._running)
        except TimeoutError:
            raise TransientError(
                f"AWS credentials did not come within {self._timeout:g} s", reason="credentials"
            ) from None
        return self._frozen

    def forget(self) -> None:
        """Look for them again at the next request: those that were found are refused."""
        self._found = self._frozen = None

    def _needs_refresh(self) -> bool:
        refresh_needed = getattr(self._found, "refresh_needed", None)
        return refresh_needed is not None and bool(refresh_needed())


def _resolve(source: CredentialSource, found: Any) -> tuple[Any, Any]:
    """Return the credentials, refreshed, and what of them holds now; raises TransientError."""
    from botocore.exceptions import BotoCoreError, ClientError  # as above  # noqa: PLC0415

    try:
        found = found or _find(source)
        if found is None:
            raise TransientError(_NONE_FOUND, reason="credentials")
        return found, found.get_frozen_credentials()
    except (BotoCoreError, ClientError, OSError, ValueError) as error:
        raise TransientError(
            f"AWS credentials cannot be had: {str(error)[:500]}", reason="credentials"
        ) from None


def _find(source: CredentialSource) -> Any:
    """Return the first credentials of the chain; those of the role where there is one."""
    from botocore.config import Config  # as above  # noqa: PLC0415
    from botocore.credentials import (  # noqa: PLC0415
        AssumeRoleCredentialFetcher,
        DeferredRefreshableCredentials,
    )
    from botocore.session import Session  # noqa: PLC0415

    session = Session(profile=source.profile)
    session.set_config_variable("region", source.region)
    session.set_default_client_config(
        Config(connect_timeout=5, read_timeout=8, retries={"max_attempts": 1})
    )
    found = session.get_credentials()
    if found is None or source.role_arn is None:
        return found
    extra = {"RoleSessionName": _SESSION_NAME}
    if source.external_id is not None:
        extra["ExternalId"] = source.external_id
    fetcher = AssumeRoleCredentialFetcher(
        partial(_make_client, session, source), found, source.role_arn, extra_args=extra
    )
    return DeferredRefreshableCredentials(
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )


def _make_client(session: Any, source: CredentialSource, name: str, **options: Any) -> Any:
    address = source.sts_endpoint
    if address is not None and "://" not in address:
        address = f"https://{address}"
    return session.create_client(name, region_name=source.region, endpoint_url=address, **options)


def _in_thread(work: Callable[[], tuple[Any, Any]]) -> asyncio.Future[tuple[Any, Any]]:
    """Run work in a thread that holds up no exit of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, Any]] = loop.create_future()

    def run() -> None:
        result: tuple[Any, Any] | None = None
        failure: BaseException | None = None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  # it is raised where the result is awaited
            failure = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    def settle(result: tuple[Any, Any] | None, failure: BaseException | None) -> None:
        if future.cancelled():
            return
        if failure is not None:
            future.set_exception(failure)
            future.exception()  # nobody may be waiting any more
        elif result is not None:
            future.set_result(result)

    threading.Thread(target=run, name="aws-credentials", daemon=True).start()
    return future
