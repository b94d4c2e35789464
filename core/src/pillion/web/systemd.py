"""The sockets that systemd opened for us.

Source: sd_listen_fds(3).
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.web.listening import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_DESCRIPTOR = 3


def sockets_from_systemd(
    environment: Mapping[str, str] = os.environ, *, first: int = FIRST_DESCRIPTOR
) -> list[socket.socket]:
    """Return the listening sockets that were handed over.

    Args:
        environment: where LISTEN_PID and LISTEN_FDS are looked for. Sockets that are meant for
            another process are left alone.
        first: the lowest file descriptor.

    Raises:
        ConfigurationError: there are none, or one does not listen.
    """
    count = environment.get("LISTEN_FDS", "")
    is_ours = environment.get("LISTEN_PID") == str(os.getpid())
    if not is_ours or not count.isdecimal() or int(count) == 0:
        raise ConfigurationError(
            "--web.systemd-socket: systemd handed over no socket (LISTEN_PID, LISTEN_FDS); "
            "start this through a .socket unit"
        )
    return [_adopted(first + index) for index in range(int(count))]


def _adopted(descriptor: int) -> socket.socket:
    what = f"--web.systemd-socket: file descriptor {descriptor}"
    try:
        adopted = socket.socket(fileno=descriptor)
    except OSError as error:
        raise ConfigurationError(f"{what} is not a socket: {reason_of(error)}") from None
    if not adopted.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        adopted.close()
        raise ConfigurationError(f"{what} is a socket that does not listen")
    adopted.settimeout(0)
    # Children have no business with it.
    os.set_inheritable(descriptor, False)  # noqa: FBT003  # positional only
    return adopted
