"""A stand-in for the Kubernetes API: pods with get, list in pages, and watch.

Its answers are those of the API's own: lists with `continue` and a resource version, a watch of
one JSON object a line, 403, 404 and 410 as a Status.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.kubernetes_events import EventLog, send, status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.servers.certificates import Pair


class KubernetesApi:
    """The state of the stand-in.

    Attributes:
        pods: the objects, by namespace and name.
        namespaces: the metadata of each, by name.
        forbidden: what is answered with 403: `get`, `list`, `watch`, `get namespace`.
        gone: how many more watches and pages are answered with 410.
        page: how many pods a page has.
        asked: every request: its verb and its path with query.
    """

    def __init__(self) -> None:
        self.pods: dict[tuple[str, str], dict[str, Any]] = {}
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.forbidden: set[str] = set()
        self.gone = 0
        self.page = 2
        self.asked: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.port = 0
        self._watches: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self.events = EventLog()

    def add(self, namespace: str, name: str, **annotations: str) -> dict[str, Any]:
        """Make a pod, and tell the watches."""
        pod = {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": f"uid-of-{name}",
                "labels": {"app": name.split("-", maxsplit=1)[0]},
                "annotations": {
                    key.replace("__", "/"): value for key, value in annotations.items()
                },
                "resourceVersion": str(len(self.pods) + 10),
            },
            "spec": {"nodeName": "node-1", "containers": [{"name": "api", "image": "img:1"}]},
            "status": {
                "podIP": "10.0.0.9",
                "containerStatuses": [
                    {"name": "api", "image": "img:1", "imageID": "docker-pullable://img@sha256:ab"}
                ],
            },
        }
        kind = "MODIFIED" if (namespace, name) in self.pods else "ADDED"
        self.pods[namespace, name] = pod
        self.tell({"type": kind, "object": pod})
        return pod

    def tell(self, event: dict[str, Any] | None) -> None:
        """Send an event to the watches; None ends them."""
        for queue in self._watches:
            queue.put_nowait(event)

    @property
    def watches(self) -> int:
        """How many are going on."""
        return len(self._watches)

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request, *headers = head.decode().split("\r\n")
                target = request.split()[1]
                self.tokens |= {
                    line for line in headers if line.lower().startswith("authorization")
                }
                await self._route(target, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _route(self, target: str, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        pieces = parts.path.strip("/").split("/")
        verb = "watch" if "watch" in query else "list" if pieces[-1] == "pods" else "get"
        if pieces[-1] == "events":
            verb = "watch" if "watch" in query else "list"
        if len(pieces) == 4 and pieces[2] == "namespaces":  # api/v1/namespaces/NAME
            verb = "get namespace"
        self.asked.append((verb, target))
        if verb in self.forbidden:
            send(writer, 403, status(403, "Forbidden"))
        elif pieces[-1] == "events":
            namespace = pieces[3] if pieces[2] == "namespaces" else None
            await self.events.answer(query, namespace, writer)
        elif verb == "get namespace":
            meta = self.namespaces.get(pieces[3])
            found = None if meta is None else {"kind": "Namespace", "metadata": meta}
            send(writer, 200 if found else 404, found or status(404, "NotFound"))
        elif verb == "get":
            pod = self.pods.get((pieces[3], pieces[5]))
            send(writer, 200 if pod else 404, pod or status(404, "NotFound"))
        elif self.gone and (verb == "watch" or "continue" in query):
            self.gone -= 1
            send(writer, 410, status(410, "Expired"))
        elif verb == "list":
            send(writer, 200, self._page(int(query.get("continue", 0)), int(query["limit"])))
        else:
            await self._watch(writer)

    def _page(self, start: int, limit: int) -> dict[str, Any]:
        size = min(limit, self.page)
        items = list(self.pods.values())
        meta = {"resourceVersion": "100"}
        if start + size < len(items):
            meta["continue"] = str(start + size)
        return {"kind": "PodList", "metadata": meta, "items": items[start : start + size]}

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._watches.add(queue)
        try:
            while (event := await queue.get()) is not None:
                line = json.dumps(event).encode() + b"\n"
                writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                await writer.drain()
            writer.write(b"0\r\n\r\n")
        finally:
            self._watches.discard(queue)


def _context(pair: Pair) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


@contextmanager
def in_a_thread(address: str, port: int, pair: Pair) -> Iterator[KubernetesApi]:
    """Run a stand-in beside a test that has no loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = kubernetes_api(address, port, pair)
    try:
        yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def kubernetes_api(
    address: str = "127.0.0.1", port: int = 0, pair: Pair | None = None
) -> AsyncIterator[KubernetesApi]:
    """Run a stand-in, on a free port if none is given, over TLS if a certificate is."""
    api = KubernetesApi()
    server = await asyncio.start_server(api.answer, address, port, ssl=pair and _context(pair))
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        api.tell(None)
        server.close()
        while api.events.watches:
            # A client asks again over the connection that it has.
            api.events.end_watches()
            await asyncio.sleep(0.005)
