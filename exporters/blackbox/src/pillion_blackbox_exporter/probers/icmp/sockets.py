"""Sockets for ICMP: those that need no privilege where the system allows them, else raw ones.

A ping socket (`IPPROTO_ICMP` as a datagram socket) is open to the groups in
`net.ipv4.ping_group_range`; a raw one wants CAP_NET_RAW. Linux lets both set the TTL and
the don't-fragment bit.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.net import connection_error
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.datagrams import connect_datagrams

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.icmp import IcmpSection
    from pillion_blackbox_exporter.network.datagrams import Datagrams
    from pillion_blackbox_exporter.probing.probe import Probe

# Linux's numbers for what the socket module has no names for.
_IP_MTU_DISCOVER = 10
_FRAGMENT = 0  # the kernel's own choice would be not to, where the first link lets it
_DONT_FRAGMENT = 3  # and heed no path MTU learnt before
_IP_RECVERR, _IP_RECVTTL = 11, 12
_IPV6_RECVERR = 25
_SOL_RAW, _ICMP_FILTER = 255, 1
_ICMP6_FILTER = 1
_ECHO_REPLY, _ECHO_REPLY_6 = 0, 129


@dataclass(frozen=True, slots=True)
class IcmpSocket:
    """A socket that is ready to send.

    Attributes:
        datagrams: it.
        is_raw: whether it sees every reply on the host, and chooses identifiers itself.
        version: of IP, 4 or 6.
    """

    datagrams: Datagrams
    is_raw: bool
    version: int


def open_icmp(probe: Probe, section: IcmpSection, host: str, address: str) -> IcmpSocket:
    """Return a socket to an address, without privilege where that is allowed.

    Raises:
        ProbeError: the system allows neither, or knows no way to the address.
    """
    version = 6 if ":" in address else 4
    try:
        opened = _open(probe, section, host, address, kind=socket.SOCK_DGRAM)
        is_raw = False
    except PermissionError:
        probe.log.debug("no ping socket is allowed; trying a raw one")
        try:
            opened = _open(probe, section, host, address, kind=socket.SOCK_RAW)
        except PermissionError:
            raise ProbeError(
                "permission",
                "the system lets this process send no ICMP: its group is not in"
                " net.ipv4.ping_group_range, and it has no CAP_NET_RAW; in the pod's"
                " securityContext, `sysctls: [{name: net.ipv4.ping_group_range, value:"
                ' "0 2147483647"}]` allows it to every group',
            ) from None
        except OSError as error:
            raise connection_error(error, f"opening a raw socket to {address}") from None
        is_raw = True
    except OSError as error:
        raise connection_error(error, f"opening a ping socket to {address}") from None
    return IcmpSocket(opened, is_raw, version)


def _open(
    probe: Probe, section: IcmpSection, host: str, address: str, *, kind: socket.SocketKind
) -> Datagrams:
    protocols = (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6)
    source = section.source_ip_address
    opened = connect_datagrams(
        probe.network, "icmp", host, address, 0, kind=kind, protocols=protocols, source=source
    )
    try:
        if opened.socket.family == socket.AF_INET:
            _set_up_four(opened.socket, section)
        else:
            _set_up_six(opened.socket, section)
    except BaseException:
        opened.close()
        raise
    return opened


def _set_up_four(opened: socket.socket, section: IcmpSection) -> None:
    opened.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
    opened.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)  # be told what stands in the way
    if section.ttl:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, section.ttl)
    fragments = _DONT_FRAGMENT if section.dont_fragment else _FRAGMENT
    opened.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, fragments)
    if opened.type == socket.SOCK_RAW:
        blocked = struct.pack("@I", ~(1 << _ECHO_REPLY) & 0xFFFFFFFF)
        opened.setsockopt(_SOL_RAW, _ICMP_FILTER, blocked)


def _set_up_six(opened: socket.socket, section: IcmpSection) -> None:
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    opened.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    if section.ttl:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, section.ttl)
    if opened.type == socket.SOCK_RAW:
        blocked = [0xFFFFFFFF] * 8
        blocked[_ECHO_REPLY_6 // 32] &= ~(1 << _ECHO_REPLY_6 % 32) & 0xFFFFFFFF
        opened.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("@8I", *blocked))
