"""Google's own gRPC server with the standard health service, on loopback."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.servers.certificates import Pair

SERVICES = {
    "": health_pb2.HealthCheckResponse.SERVING,
    "orders": health_pb2.HealthCheckResponse.SERVING,
    "invoices": health_pb2.HealthCheckResponse.NOT_SERVING,
    "stock": health_pb2.HealthCheckResponse.SERVICE_UNKNOWN,
    "mail": health_pb2.HealthCheckResponse.UNKNOWN,
}

Metadata = list[tuple[str, str | bytes]]


class Recorder(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpcio has no types
    """Keeps the metadata of each call."""

    def __init__(self) -> None:
        self.calls: list[Metadata] = []

    async def intercept_service(self, continuation, details):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        self.calls.append([(key, value) for key, value in details.invocation_metadata])
        return await continuation(details)


@asynccontextmanager
async def health_server(
    *, pair: Pair | None = None, with_service: bool = True
) -> AsyncIterator[tuple[str, list[Metadata]]]:
    """Serve; yields `host:port` and the metadata of the calls that came."""
    recorder = Recorder()
    server = grpc.aio.server(interceptors=[recorder])
    if with_service:
        servicer = health.aio.HealthServicer()
        for name, status in SERVICES.items():
            await servicer.set(name, status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if pair is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        chain = (Path(pair.key).read_bytes(), Path(pair.certificate).read_bytes())
        credentials = grpc.ssl_server_credentials([chain])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield f"127.0.0.1:{port}", recorder.calls
    finally:
        await server.stop(None)
