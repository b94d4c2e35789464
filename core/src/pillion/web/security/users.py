"""Users and their bcrypt hashes: who a request comes from, without a clock giving it away."""

from __future__ import annotations

import asyncio
import binascii
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pillion.web.guard import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QUEUE_LIMIT = 16
"""Checks that wait or run; each takes about 60 ms at cost 10, one after the other."""

_SIGNIFICANT = 72
"""Bytes of a password that bcrypt looks at."""

UNAUTHORIZED = Refusal(
    401,
    "401 a user and a password are needed\n",
    (("WWW-Authenticate", 'Basic realm="metrics", charset="UTF-8"'),),
)
BUSY = Refusal(503, "503 too many logins at once\n", (("Retry-After", "1"),))

Credentials = tuple[bytes, bytes]


class Users:
    """The users of one server.

    A pair that has been checked is remembered by a keyed digest of user, password and hash, so
    that bcrypt is paid once and not at each scrape. Wrong ones are not remembered.

    Args:
        check: whether a password has a hash; bcrypt's by default.
    """

    __slots__ = ("_check", "_executor", "_hashes", "_key", "_proven", "_waiting")

    def __init__(
        self,
        check: Callable[[bytes, bytes], bool] | None = None,
    ) -> None:
        self._hashes: dict[bytes, bytes] = {}
        self._check = check or _bcrypt
        self._key = os.urandom(32)
        self._proven: dict[bytes, bytes] = {}
        self._executor = ThreadPoolExecutor(1, "bcrypt")
        self._waiting = 0

    def replace(self, hashes: Mapping[bytes, bytes]) -> None:
        """Take up hashes, at least one, by user; whoever's is the same stays proven."""
        self._hashes = dict(hashes)
        for user in self._proven.keys() - self._hashes.keys():
            del self._proven[user]

    def are_proven(self, credentials: Credentials) -> bool:
        """Tell whether these have been checked before, with the hash that is still in force."""
        user, password = credentials
        proof = self._proven.get(user, b"")
        # For an unknown user too, so that both ways take as long.
        digest = self._digest(user, password, self._hash_for(user))
        return hmac.compare_digest(proof, digest)

    async def refuse(self, credentials: Credentials) -> Refusal | None:
        """Check with bcrypt, off the loop; return the refusal, or None when they are right."""
        if self._waiting >= QUEUE_LIMIT:
            return BUSY
        user, password = credentials
        hashed = self._hash_for(user)
        self._waiting += 1
        loop = asyncio.get_running_loop()
        checking = loop.run_in_executor(
            self._executor, self._check, password[:_SIGNIFICANT], hashed
        )
        checking.add_done_callback(self._checked)
        # A client that goes away does not take its check out of the count while it still runs.
        matched = await asyncio.shield(checking)
        if not matched or user not in self._hashes:
            return UNAUTHORIZED
        self._proven[user] = self._digest(user, password, hashed)
        return None

    def _checked(self, _: object) -> None:
        self._waiting -= 1

    def _hash_for(self, user: bytes) -> bytes:
        """Return the user's hash; for an unknown one that of somebody else, which costs as much.

        Where users' costs differ it is always the same one's, as it would be for a user.
        """
        hashed = self._hashes.get(user)
        others = list(self._hashes.values())
        chosen = hmac.digest(self._key, user, "sha256")[0] % len(others)
        return others[chosen] if hashed is None else hashed

    def _digest(self, user: bytes, password: bytes, hashed: bytes) -> bytes:
        message = b"%d:%d:%b%b%b" % (len(user), len(password), user, password, hashed)
        return hmac.digest(self._key, message, "sha256")


def credentials_of(authorization: str) -> Credentials | None:
    """Return user and password of an Authorization header (RFC 7617); None when it has none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = binascii.a2b_base64(encoded.strip().encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    user, colon, password = decoded.partition(b":")
    return (user, password) if colon else None


def _bcrypt(password: bytes, hashed: bytes) -> bool:
    import bcrypt  # 0.6 MB, and only with users  # noqa: PLC0415

    try:
        return bcrypt.checkpw(password, hashed)
    except ValueError:
        # A password that bcrypt does not take (a NUL in it) is nobody's.
        return False
