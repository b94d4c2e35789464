"""Asks the process of this container for its health: the image's HEALTHCHECK.

With a path it shows what the process answers there: `pillion-health /metrics`. Of a process that
listens in several places, `pillion-health :9120/metrics` names one.

The address is found where it truly is: among the sockets on which our process listens. So it
follows any flag, variable or file that moves it. A process that listens nowhere, as the log
streamer does by default, is healthy while it runs.
"""

from __future__ import annotations

import os
import socket
import sys

LISTENING = "0A"
PATIENCE = 4.0
# What `ss` is made from; Linux, Documentation/networking/proc_net_tcp.rst.
TABLES = (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6))


def main(arguments: list[str]) -> int:
    """Return 0 when the process is healthy; with a path, print what it answers."""
    process = our_process()
    if process is None:
        return fail("no process of Pillion runs here")
    addresses = listening_addresses(process)
    if not addresses:
        return fail("it listens nowhere") if arguments else 0
    port, slash, path = (arguments[0] if arguments else "/-/healthy").partition("/")
    # Where it was moved elsewhere, whatever answers has to do.
    addresses = [each for each in addresses if port == f":{each[2]}"] or addresses
    path = f"{slash}{path}"
    try:
        status, body = get_from_any(addresses, path)
    except OSError as error:
        return fail(f"{path} does not answer: {error}")
    if arguments:
        sys.stdout.buffer.write(body)
    # 401 and 403 are answers of a living process that wants a password; 0 is one that wants TLS.
    return 0 if status in (0, 200, 401, 403) else fail(f"{path} answered {status}")


def fail(sentence: str) -> int:
    """Say why it is not healthy."""
    sys.stderr.write(f"{sentence}\n")
    return 1


def our_process() -> int | None:
    """Return the id of the process that one of our launchers started, the oldest first."""
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):  # noqa: PTH208  # pathlib costs 1 MB
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123  # pathlib costs 1 MB
                words = file.read().split(b"\0")
        except OSError:
            continue
        if pid != os.getpid() and any(b"/bin/pillion-" in word for word in words[:3]):
            return pid
    return None


def listening_addresses(pid: int) -> list[tuple[int, str, int]]:
    """Return the addresses that a process listens on: family, host to connect to, port."""
    sockets = set()
    for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  # pathlib costs 1 MB
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{number}"))  # noqa: PTH115  # pathlib costs 1 MB
        except OSError:
            continue
    found = []
    for name, family in TABLES:
        with open(f"/proc/{pid}/net/{name}") as file:  # noqa: PTH123  # pathlib costs 1 MB
            rows = [line.split() for line in file.readlines()[1:]]
        for row in rows:
            if row[3] == LISTENING and f"socket:[{row[9]}]" in sockets:
                address, _, port = row[1].rpartition(":")
                found += [(*where, int(port, 16)) for where in reachable(address, family)]
    return found


def reachable(address: str, family: int) -> list[tuple[int, str]]:
    """Return where to connect to, for an address as the kernel prints it."""
    words = [address[at : at + 8] for at in range(0, len(address), 8)]
    raw = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    if any(raw):
        return [(int(family), socket.inet_ntop(family, raw))]
    loopback = (int(socket.AF_INET), "127.0.0.1")
    # [::] takes IPv4 too unless it was told not to, and a container may have no ::1.
    return [loopback] if family == socket.AF_INET else [loopback, (int(family), "::1")]


def get_from_any(addresses: list[tuple[int, str, int]], path: str) -> tuple[int, bytes]:
    """Return what the first address that takes a connection answers."""
    for address in addresses[:-1]:
        try:
            return get(address, path)
        except OSError:
            continue
    return get(addresses[-1], path)


def get(address: tuple[int, str, int], path: str) -> tuple[int, bytes]:
    """Return the status and the body of a path; status 0 when the answer is not HTTP."""
    family, host, port = address
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        connection.connect((host, port))
        connection.sendall(request.encode())
        answer = b""
        while block := connection.recv(65536):
            answer += block
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if not head.startswith(b"HTTP/1.") or len(words) < 2:  # noqa: PLR2004  # "HTTP/1.1 200"
        return 0, answer
    return int(words[1]), body


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
