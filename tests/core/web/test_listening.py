"""Addresses and sockets."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion.settings import Address
from pillion.web import Server, peer_of
from pillion.web.listening import address_of, close_all, open_sockets
from pillion.web.systemd import sockets_from_systemd
from tests.core.web.handlers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.web.conftest import Serve

HAS_IPV6 = Path("/proc/net/if_inet6").exists()


def test_port_0_becomes_a_free_one() -> None:
    opened = open_sockets([Address("127.0.0.1", 0)])
    assert address_of(opened[0]).host == "127.0.0.1"
    assert address_of(opened[0]).port > 0
    close_all(opened)


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
def test_an_empty_host_listens_on_both_families_at_one_port() -> None:
    opened = open_sockets([Address("", 0)])
    address = address_of(opened[0])
    assert address.host == ""
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, address.port), timeout=5).close()
    close_all(opened)


def test_an_empty_host_does_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def without_ipv6(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, kind)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    opened = open_sockets([Address("", 0)])
    monkeypatch.undo()
    assert opened[0].family == socket.AF_INET
    close_all(opened)


def test_a_name_listens_on_each_of_its_addresses_at_one_port() -> None:
    opened = open_sockets([Address("localhost", 0)])
    assert len({address_of(one).port for one in opened}) == 1
    close_all(opened)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (Address("192.0.2.1", 0), "cannot listen on 192.0.2.1:0: cannot assign requested address"),
        (Address("no.such.host.invalid", 80), "cannot listen on no.such.host.invalid:80: "),
    ],
)
def test_an_address_that_cannot_be_had_is_named(address: Address, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_sockets([address])
    assert str(caught.value).startswith(reason)


def test_the_others_are_closed_when_one_cannot_be_had() -> None:
    first = open_sockets([Address("127.0.0.1", 0)])
    port = address_of(first[0]).port
    with pytest.raises(ConfigurationError, match="address already in use"):
        open_sockets([Address("127.0.0.1", 0), Address("127.0.0.1", port)])
    close_all(first)


class TestSystemd:
    @pytest.fixture
    def handed_over(self) -> Iterator[int]:
        """The first of two file descriptors in a row that listen."""
        opened = open_sockets([Address("127.0.0.1", 0), Address("127.0.0.1", 0)])
        first = 200
        for index, one in enumerate(opened):
            os.dup2(one.fileno(), first + index)
        close_all(opened)
        yield first
        for index in range(2):
            try:
                os.close(first + index)
            except OSError:
                continue

    def environment(self, count: str = "2", pid: int | None = None) -> dict[str, str]:
        return {"LISTEN_PID": str(os.getpid() if pid is None else pid), "LISTEN_FDS": count}

    async def test_sockets_that_are_handed_over_are_served(self, handed_over: int) -> None:
        sockets = sockets_from_systemd(self.environment(), first=handed_over)
        assert not any(one.get_inheritable() for one in sockets)
        async with Server(web.Application(), sockets=sockets, log=Logger()) as server:
            assert [address.host for address in server.addresses] == ["127.0.0.1"] * 2
            for address in server.addresses:
                socket.create_connection((address.host, address.port), timeout=5).close()

    @pytest.mark.parametrize("count", ["", "0", "nonsense"])
    def test_none_is_an_error(self, count: str) -> None:
        with pytest.raises(ConfigurationError, match="systemd handed over no socket"):
            sockets_from_systemd(self.environment(count))

    def test_those_of_another_process_are_left_alone(self, handed_over: int) -> None:
        with pytest.raises(ConfigurationError, match="systemd handed over no socket"):
            sockets_from_systemd(self.environment(pid=1), first=handed_over)
        os.fstat(handed_over)

    def test_what_is_no_socket_is_an_error(self, handed_over: int) -> None:
        with Path("/dev/null").open() as file:
            os.dup2(file.fileno(), handed_over)
        with pytest.raises(ConfigurationError, match=f"descriptor {handed_over} is not a socket"):
            sockets_from_systemd(self.environment(), first=handed_over)

    def test_a_socket_that_does_not_listen_is_an_error(self, handed_over: int) -> None:
        with socket.socket() as idle:
            os.dup2(idle.fileno(), handed_over)
        with pytest.raises(ConfigurationError, match="does not listen"):
            sockets_from_systemd(self.environment(), first=handed_over)


async def test_the_peer_of_a_mapped_address_is_the_plain_one(serve: Serve) -> None:
    async def answer_peer(request: web.Request) -> web.Response:
        return web.Response(text=peer_of(request))

    async with serve(serving(get={"/": answer_peer}), listen=(Address("", 0),)) as running:
        answer = await (await running.connect()).get("/")
        assert answer.text.startswith("127.0.0.1:")
