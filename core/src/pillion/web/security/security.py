"""The guard that a web configuration file describes, and that follows the file's changes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.web.guard import Refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from pillion.log import Logger
    from pillion.web.security.policy import Policy
    from pillion.web.security.rate import Bucket
    from pillion.web.security.users import Users

LOOK_INTERVAL = 1.0
"""Seconds between two looks at the files; also how long one must have been left alone."""

Signature = tuple[tuple[int, int, int] | None, ...]


class Security:
    """Made by `Security.read`; satisfies the `Guard` that the server asks.

    The file and the certificates are looked at when a connection or a request comes, once a
    second at most. What has become wrong is logged once, and the old one stays in force.

    Attributes:
        headers: what is added to every answer.
    """

    def __init__(
        self,
        path: str,
        policy: Policy,
        log: Logger,
        *,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self.headers: tuple[tuple[str, str], ...] = ()
        self._path = path
        self._log = log
        self._clock = clock
        self._wall_clock = wall_clock
        self._looked = clock()
        self._wrong = ""
        self._users: Users | None = None
        self._bucket: Bucket | None = None
        self._take_up(policy, self._signature(policy))

    @classmethod
    def read(
        cls,
        path: str,
        log: Logger,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> Security:
        """Read a web configuration file and all that it names.

        Args:
            path: the file; paths in it are relative to it.
            log: where changes of state go.
            clock: seconds that only grow.
            wall_clock: seconds since 1970, which the files' times are compared with.

        Raises:
            ConfigurationError: with file, line and key.
        """
        # YAML and msgspec: 2.4 MB.
        from pillion.web.security.policy import read_policy  # noqa: PLC0415

        return cls(path, read_policy(path), log, clock=clock, wall_clock=wall_clock)

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS of a new connection; None for plain HTTP."""
        self._look()
        return self._policy.tls.context if self._policy.tls is not None else None

    def verify_peer(self, peer: ssl.SSLObject) -> str | None:
        """Return why a client's certificate does not do, or None."""
        tls = self._policy.tls
        if tls is None or not tls.allowed_names:
            return None
        from pillion.web.security.tls import names_of  # noqa: PLC0415  # loaded by now

        if tls.allowed_names.isdisjoint(names_of(peer)):
            return "its certificate has none of the client_allowed_sans"
        return None

    async def authorize(self, authorization: str) -> Refusal | None:
        """Return how a request with this Authorization header is refused, or None.

        A pair that was right before is not checked again, and does not wait.
        """
        self._look()
        if self._bucket is not None and not self._bucket.take(self._clock()):
            return Refusal(429, "429 too many requests\n", (("Retry-After", "1"),))
        if self._users is None:
            return None
        from pillion.web.security.users import UNAUTHORIZED, credentials_of  # noqa: PLC0415

        credentials = credentials_of(authorization)
        if credentials is None:
            return UNAUTHORIZED
        return (
            None if self._users.are_proven(credentials) else await self._users.refuse(credentials)
        )

    def _look(self) -> None:
        """Take the files up if they have changed, and been left alone since."""
        now = self._clock()
        if now - self._looked < LOOK_INTERVAL:
            return
        self._looked = now
        signature = self._signature(self._policy)
        if (signature == self._taken and not self._wrong) or self._is_being_written(signature):
            return
        try:
            policy = self._read_again()
        except ConfigurationError as error:
            if str(error) != self._wrong:
                self._wrong = str(error)
                self._log.error("the web configuration is wrong; the old one stays", cause=error)
            return
        signature = self._signature(policy)
        if self._is_being_written(signature):
            return
        self._wrong = ""
        self._take_up(policy, signature)
        self._log.info("the web configuration was taken up", file=self._path)

    def _read_again(self) -> Policy:
        from pillion.web.security.policy import read_policy  # noqa: PLC0415  # loaded by now

        policy = read_policy(self._path)
        if (policy.tls is None) is not (self._policy.tls is None):
            raise ConfigurationError(
                f"{self._path}: TLS cannot be switched on or off without a restart"
            )
        return policy

    def _take_up(self, policy: Policy, signature: Signature) -> None:
        self._policy = policy
        self._taken = signature
        self.headers = policy.headers
        self._users = self._users_of(policy)
        if policy.rate is None:
            self._bucket = None
        elif self._bucket is None or self._bucket.rate != policy.rate:
            from pillion.web.security.rate import Bucket  # noqa: PLC0415  # loaded by now

            self._bucket = Bucket(policy.rate, self._clock())

    def _users_of(self, policy: Policy) -> Users | None:
        if not policy.users:
            return None
        from pillion.web.security.users import Users  # hashlib: 0.7 MB  # noqa: PLC0415

        users = self._users or Users()
        users.replace(policy.users)
        return users

    def _signature(self, policy: Policy) -> Signature:
        return tuple(_stat(path) for path in (self._path, *policy.files))

    def _is_being_written(self, signature: Signature) -> bool:
        """Tell whether a file changed so lately that it may not be whole yet.

        Half a file can be a valid one that asks for no password.
        """
        now = self._wall_clock()
        return any(0 <= now - one[0] / 1e9 < LOOK_INTERVAL for one in signature if one)


def _stat(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # pathlib costs 1 MB
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
