"""Users and passwords, and what a clock or a log could give away."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pillion.web.security.users import BUSY, QUEUE_LIMIT, UNAUTHORIZED, Users, credentials_of
from tests.core.web.handlers import answering, serving
from tests.core.web.security.conftest import HASHES

if TYPE_CHECKING:
    from tests.core.web.conftest import Serve
    from tests.core.web.security.conftest import Configured

FILE = "basic_auth_users:\n" + "".join(f"  {name}: {value}\n" for name, value in HASHES.items())


class Check:
    """Stands in for bcrypt: a password is right when the hash is `hash of PASSWORD`."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes]] = []
        self.let_go = threading.Event()
        self.let_go.set()

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        self.asked.append((password, hashed))
        assert self.let_go.wait(10)
        return hashed == b"hash of " + password


@pytest.fixture
def check() -> Check:
    return Check()


@pytest.fixture
def users(check: Check) -> Users:
    made = Users(check)
    made.replace({b"alice": b"hash of wonderland", b"bob": b"hash of builder"})
    return made


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_a_right_password_is_checked_once(users: Users, check: Check) -> None:
    pair = (b"alice", b"wonderland")
    assert not users.are_proven(pair)
    assert await users.refuse(pair) is None
    assert users.are_proven(pair)
    assert check.asked == [(b"wonderland", b"hash of wonderland")]


@pytest.mark.parametrize("user", [b"alice", b"nobody", b""])
async def test_a_wrong_password_costs_what_an_unknown_user_costs(
    user: bytes, users: Users, check: Check
) -> None:
    for _ in range(2):
        assert await users.refuse((user, b"guess")) is UNAUTHORIZED
        assert not users.are_proven((user, b"guess"))
    assert len(check.asked) == 2
    assert {hashed for _, hashed in check.asked} <= {b"hash of wonderland", b"hash of builder"}


async def test_an_unknown_user_is_refused_even_with_somebodys_password(users: Users) -> None:
    for password in (b"wonderland", b"builder"):
        assert await users.refuse((b"nobody", password)) is UNAUTHORIZED


async def test_a_proven_password_is_that_of_one_user_alone(users: Users) -> None:
    await users.refuse((b"alice", b"wonderland"))
    assert not users.are_proven((b"bob", b"wonderland"))
    assert not users.are_proven((b"alice", b"wonderlan"))
    assert not users.are_proven((b"alicew", b"onderland"))


async def test_a_changed_hash_has_to_be_proven_again(users: Users, check: Check) -> None:
    pairs = [(b"alice", b"wonderland"), (b"bob", b"builder")]
    for pair in pairs:
        await users.refuse(pair)
    users.replace({b"alice": b"hash of changed", b"bob": b"hash of builder"})
    assert [users.are_proven(pair) for pair in pairs] == [False, True]
    users.replace({b"alice": b"hash of wonderland"})
    assert [users.are_proven(pair) for pair in pairs] == [True, False]


async def test_checks_wait_in_a_bounded_queue_even_when_clients_go_away(
    users: Users, check: Check
) -> None:
    check.let_go.clear()
    waiting = [asyncio.ensure_future(users.refuse((b"alice", b"x"))) for _ in range(QUEUE_LIMIT)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await users.refuse((b"alice", b"wonderland")) is BUSY
    check.let_go.set()
    async with asyncio.timeout(10):
        while await users.refuse((b"alice", b"wonderland")) is BUSY:
            await asyncio.sleep(0)
    assert users.are_proven((b"alice", b"wonderland"))


async def test_one_check_runs_at_a_time_and_the_loop_goes_on(users: Users, check: Check) -> None:
    check.let_go.clear()
    tasks = [asyncio.ensure_future(users.refuse((b"alice", b"wonderland"))) for _ in range(3)]
    async with asyncio.timeout(10):
        while not check.asked:
            await asyncio.sleep(0)
    assert len(check.asked) == 1
    check.let_go.set()
    assert await asyncio.gather(*tasks) == [None, None, None]


async def test_bcrypt_looks_at_72_bytes_as_gos_does(users: Users, check: Check) -> None:
    await users.refuse((b"alice", b"x" * 100))
    assert check.asked[0][0] == b"x" * 72


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        (basic("alice", "a:b c"), (b"alice", b"a:b c")),
        (basic("", ""), (b"", b"")),
        (basic("Jürgen", "ß").replace("Basic", "bAsIc"), ("Jürgen".encode(), "ß".encode())),
        ("Basic " + base64.b64encode(b"nocolon").decode(), None),
        ("Basic !!!!", None),
        ("Basic YTp", None),
        ("Basic \xe4", None),
        ("Basic", None),
        ("Bearer YTpi", None),
        ("", None),
    ],
)
def test_credentials_are_read_from_their_header(
    header: str, credentials: tuple[bytes, bytes] | None
) -> None:
    assert credentials_of(header) == credentials


@given(st.text(st.characters(max_codepoint=255)))
def test_any_header_gives_credentials_or_none(text: str) -> None:
    for header in (text, "Basic " + text):
        found = credentials_of(header)
        assert found is None or len(found) == 2


class TestServed:
    @pytest.fixture
    def site(self) -> web.Application:
        return serving(get={"/": answering("hello")})

    async def test_with_real_bcrypt(
        self, site: web.Application, serve: Serve, configured: Configured
    ) -> None:
        async with serve(site, security=configured.read(FILE)) as running:
            client = await running.connect()
            answer = await client.get("/")
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Basic realm=")
            for user, password, status in [
                ("alice", "wonderland", 200),
                ("alice", "wonderland", 200),
                ("alice", "builder", 401),
                ("nobody", "wonderland", 401),
                ("bob", "builder", 200),
                ("bob", "buil\0der", 401),
                ("bob", "x" * 200, 401),
            ]:
                answer = await client.get("/", Authorization=basic(user, password))
                assert (answer.status, user) == (status, user)

    async def test_an_unknown_path_is_not_told_to_strangers(
        self, site: web.Application, serve: Serve, configured: Configured
    ) -> None:
        async with serve(site, security=configured.read(FILE)) as running:
            assert (await (await running.connect()).get("/nothing")).status == 401

    async def test_no_secret_is_logged(
        self, site: web.Application, serve: Serve, configured: Configured
    ) -> None:
        async def fails(_: web.Request) -> web.Response:
            raise LookupError("no luck")

        site.router.add_get("/fails", fails)
        async with serve(site, security=configured.read(FILE)) as running:
            client = await running.connect()
            for path in ("/", "/fails"):
                await client.get(path, Authorization=basic("alice", "wonderland"))
                await client.get(path, Authorization=basic("alice", "swordfish"))
            logged = running.logged.getvalue() + configured.logged.getvalue()
            assert "no luck" in logged
            for secret in ("wonderland", "swordfish", "$2b$", basic("alice", "wonderland")[6:]):
                assert secret not in logged

    async def test_a_client_may_go_away_while_its_password_is_checked(
        self, site: web.Application, serve: Serve, configured: Configured
    ) -> None:
        async with serve(site, security=configured.read(FILE)) as running:
            client = await running.connect()
            await client.send(
                f"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: {basic('a', 'b')}\r\n\r\n".encode()
            )
            await client.close()
            await running.until_connections(0)
            other = await running.connect()
            answer = await other.get("/", Authorization=basic("alice", "wonderland"))
            assert answer.status == 200
