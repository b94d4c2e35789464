"""The Kubernetes API: one pod, the pods of a node, and what changes of them.

Source: the Kubernetes API concepts: resource versions, `limit` and `continue`, watch, 410 Gone.
"""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.filters.kubernetes.client import OK, ApiClient
from pillion_log_agent.filters.kubernetes.pod import Pod
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.network.tls import TlsProperties, make_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from pillion.log import Logger
    from pillion_log_agent.filters.kubernetes.store import Store

FORBIDDEN, NOT_FOUND, GONE = 403, 404, 410
PAGE = 250
WATCH_SECONDS = 300
TIMEOUT = 10.0
OBJECT_LIMIT = 16 * 1024 * 1024
ANSWER_LIMIT = 64 * 1024 * 1024
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class ExpiredError(Exception):
    """The resource version is too old: the list has to be read anew."""


class ForbiddenError(Exception):
    """The account may not do this."""


class ApiProperties(Protocol):
    """How the API server is reached."""

    @property
    def kube_url(self) -> str:
        """Its address."""
        ...

    @property
    def kube_ca_file(self) -> str:
        """The authority of its certificate."""
        ...

    @property
    def kube_token_file(self) -> str:
        """The token of the account."""
        ...

    @property
    def tls_verify(self) -> bool:
        """Whether it has to be trusted."""
        ...

    @property
    def tls_verify_hostname(self) -> bool:
        """Whether its certificate has to bear its name."""
        ...


class Api:
    """Asks the API server."""

    def __init__(self, properties: ApiProperties) -> None:
        parts = urlsplit(properties.kube_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                f"kube_url: {properties.kube_url!r} is no address; write https://host:port"
            )
        self._prefix = parts.path.rstrip("/")
        self._token_file = properties.kube_token_file
        self._host = parts.netloc.rpartition("@")[2]
        is_secure = parts.scheme == "https"
        tls = TlsProperties(
            tls=is_secure,
            tls_verify=properties.tls_verify,
            tls_verify_hostname=properties.tls_verify_hostname,
            tls_ca_file=properties.kube_ca_file
            if os.path.isfile(properties.kube_ca_file)
            else None,
        )
        self._endpoint = Endpoint(
            parts.hostname, parts.port or (443 if is_secure else 80), make_context(tls)
        )
        self._client = ApiClient(self._endpoint)
        self._turn = asyncio.Lock()

    async def pod(self, namespace: str, name: str) -> Pod | None:
        """Return one pod, None when there is none of that name.

        Raises:
            TransientError: the server cannot be asked.
            ForbiddenError: the account may not ask.
        """
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(name, safe='')}"
        found = await self._get(path)
        return None if found is None else Pod.of_object(found)

    async def pods(self, node: str) -> tuple[list[dict[str, Any]], str]:
        """Return the objects of all pods of a node, page by page, and their resource version."""
        items: list[dict[str, Any]] = []
        version = ""
        query = {"fieldSelector": f"spec.nodeName={node}"}
        async for page, version in self.pages("/api/v1/pods", query):  # noqa: B007  # the last one is that of all
            items += page
        return items, version

    async def pages(
        self, path: str, query: Mapping[str, str], limit: int = PAGE
    ) -> AsyncGenerator[tuple[list[dict[str, Any]], str], None]:
        """Yield the objects of a list, page by page, with the resource version of the list.

        Raises:
            ExpiredError: the list has to be read anew.
            ForbiddenError: the account may not list.
            TransientError: the server cannot be asked.
        """
        asked = {**query, "limit": str(limit)}
        while True:
            found = await self._get(f"{path}?{urlencode(asked)}") or {}
            meta = found.get("metadata") or {}
            yield found.get("items") or [], str(meta.get("resourceVersion", ""))
            if not meta.get("continue"):
                return
            asked["continue"] = meta["continue"]

    async def changes(self, node: str, version: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield kind and object of each change of the pods of a node; raises as `watch`."""
        query = {"fieldSelector": f"spec.nodeName={node}"}
        async with aclosing(self.watch("/api/v1/pods", query, version)) as found:
            async for change in found:
                yield change

    async def watch(
        self, path: str, query: Mapping[str, str], version: str, seconds: int = WATCH_SECONDS
    ) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        """Yield kind and object of each change of what a list has, bookmarks among them.

        Raises:
            ExpiredError: the version is too old.
            TransientError: the watch broke off.
        """
        asked = {
            **query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        watch = self._client.lines(
            f"{self._prefix}{path}?{urlencode(asked)}",
            self._headers(),
            silence=seconds + TIMEOUT,
            limit=OBJECT_LIMIT,
        )
        try:
            async with aclosing(watch) as lines:
                async for line in lines:
                    event = _decoded(line)
                    found = event.get("object") or {}
                    if event.get("type") == "ERROR":
                        raise _watch_error(found)
                    yield str(event.get("type")), found
        except TransientError as error:
            if error.reason == str(GONE):
                raise ExpiredError from None
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _get(self, target: str) -> dict[str, Any] | None:
        async with self._turn:
            status, body = await self._client.get(
                self._prefix + target, self._headers(), timeout=TIMEOUT, limit=ANSWER_LIMIT
            )
        if status == OK:
            return _decoded(body)
        if status == NOT_FOUND:
            return None
        if status == GONE:
            raise ExpiredError
        if status == FORBIDDEN:
            raise ForbiddenError
        raise TransientError(f"{self._endpoint} answered {status}", reason=str(status))

    def _headers(self) -> dict[str, str]:
        headers = {
            "Host": self._host,
            "Accept": "application/json",
            "User-Agent": "pillion-log-agent",
        }
        try:
            # A token is rotated by the kubelet: it is read for each of the few requests.
            with open(self._token_file, encoding="ascii", errors="replace") as file:
                headers["Authorization"] = f"Bearer {file.read().strip()}"
        except OSError:
            pass
        return headers


async def keep_current(
    api: Api, node: str, store: Store, log: Logger, draw: Callable[[], float] = random.random
) -> None:
    """List the pods of a node and follow their changes, until cancelled or not allowed to."""
    wait = FIRST_WAIT
    while True:
        try:
            items, version = await api.pods(node)
            store.replace(items)
            wait = FIRST_WAIT
            while True:
                async for kind, found in api.changes(node, version):
                    version = (found.get("metadata") or {}).get("resourceVersion", version)
                    store.change(kind, found)
        except ForbiddenError:
            log.warning(
                "the account may not list and watch pods; each is asked for by itself", node=node
            )
            store.is_watched = False
            return
        except ExpiredError:
            continue
        except Exception as error:  # noqa: BLE001  # an object of a shape that nobody expects, too
            store.is_watched = False
            cause = error if isinstance(error, TransientError) else repr(error)
            log.warning("the watch of pods failed, and is tried again", cause=cause)
            await asyncio.sleep(wait * (0.5 + draw() / 2))
            wait = min(wait * 2, LONGEST_WAIT)


def _watch_error(status: dict[str, Any]) -> Exception:
    if status.get("code") == GONE:
        return ExpiredError()
    return TransientError(f"the watch ended: {status.get('message')}", reason="watch")


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise TransientError("the API server answered what is no JSON", reason="protocol") from None
