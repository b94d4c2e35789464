"""The Kubernetes API: one pod, the pods of a node, and what changes of them.

Source: the Kubernetes API concepts: resource versions, `limit` and `continue`, watch, 410 Gone.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.kubernetes_api.client import OK, ApiClient
from pillion_log_agent.kubernetes_api.pod import Pod
from pillion_log_agent.kubernetes_api.token import Token
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.network.tls import TlsProperties, make_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from pillion_log_agent.kubernetes_api.properties import ApiProperties

FORBIDDEN, NOT_FOUND, GONE = 403, 404, 410
PAGE = 250
WATCH_SECONDS = 300
TIMEOUT = 10.0
OBJECT_LIMIT = 16 * 1024 * 1024
ANSWER_LIMIT = 64 * 1024 * 1024
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before it is asked again after a failure; who asks doubles them."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class ExpiredError(Exception):
    """The resource version is too old: the list has to be read anew."""


class ForbiddenError(Exception):
    """The account may not do this."""


class Api:
    """Asks the API server."""

    def __init__(self, properties: ApiProperties) -> None:
        parts = urlsplit(properties.kube_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(
                f"kube_url: {properties.kube_url!r} is no address; write https://host:port"
            )
        self._prefix = parts.path.rstrip("/")
        self._token = Token(
            properties.kube_token_file, properties.kube_token_command, properties.kube_token_ttl
        )
        self._host = parts.netloc.rpartition("@")[2]
        is_secure = parts.scheme == "https"
        is_file = os.path.isfile(properties.kube_ca_file)
        tls = TlsProperties(
            tls=is_secure,
            tls_verify=properties.tls_verify,
            tls_verify_hostname=properties.tls_verify_hostname,
            tls_vhost=properties.tls_vhost,
            tls_ca_file=properties.tls_ca_file or (properties.kube_ca_file if is_file else None),
            tls_ca_path=properties.tls_ca_path or properties.kube_ca_path,
            tls_crt_file=properties.tls_crt_file,
            tls_key_file=properties.tls_key_file,
            tls_key_passwd=properties.tls_key_passwd,
            tls_min_version=properties.tls_min_version,
            tls_max_version=properties.tls_max_version,
            tls_ciphers=properties.tls_ciphers,
        )
        self._endpoint = Endpoint(
            parts.hostname, parts.port or (443 if is_secure else 80), make_context(tls)
        )
        self._client = ApiClient(self._endpoint, properties.tls_vhost)
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

    async def namespace(self, name: str) -> Pod | None:
        """Return the labels and annotations of a namespace, in the shape of a pod; see `pod`."""
        found = await self._get(f"/api/v1/namespaces/{quote(name, safe='')}")
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
            await self._headers(),
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
                self._prefix + target, await self._headers(), timeout=TIMEOUT, limit=ANSWER_LIMIT
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

    async def _headers(self) -> dict[str, str]:
        headers = {
            "Host": self._host,
            "Accept": "application/json",
            "User-Agent": "pillion-log-agent",
        }
        token = await self._token.get()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return headers


def _watch_error(status: dict[str, Any]) -> Exception:
    if status.get("code") == GONE:
        return ExpiredError()
    return TransientError(f"the watch ended: {status.get('message')}", reason="watch")


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise TransientError("the API server answered what is no JSON", reason="protocol") from None
