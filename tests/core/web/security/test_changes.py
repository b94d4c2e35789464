"""A web configuration that changes while the server runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from pillion.web.security.rate import Bucket, Rate
from tests.core.web.handlers import answering, serving
from tests.core.web.security.conftest import HASHES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.web.conftest import Running, Serve
    from tests.core.web.security.conftest import Authority, Configured

PAIR = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
DENY = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
SAMEORIGIN = DENY.replace("deny", "sameorigin")
USERS = f"basic_auth_users:\n  alice: {HASHES['alice']}\n"


@pytest.fixture
def site() -> web.Application:
    return serving(get={"/": answering("hello")})


async def common_name(running: Running, authority: Authority) -> str:
    client = await running.connect(authority.client(), server_hostname="localhost")
    certificate = client.writer.get_extra_info("peercert")
    return str(dict(pair for part in certificate["subject"] for pair in part)["commonName"])


async def test_a_renewed_certificate_is_taken_up_without_restart(
    site: web.Application,
    serve: Serve,
    authority: Authority,
    configured: Configured,
    tmp_path: Path,
) -> None:
    authority.write_server("first")
    for name in ("server.crt", "server.key"):
        configured.age(tmp_path / name)
    async with serve(site, security=configured.read(PAIR)) as running:
        assert await common_name(running, authority) == "first"
        authority.write_server("second")
        configured.later()
        for name in ("server.crt", "server.key"):
            configured.age(tmp_path / name)
        assert await common_name(running, authority) == "second"
        assert configured.logged.getvalue().count("was taken up") == 1


async def test_half_a_renewal_keeps_the_old_pair_until_it_is_whole(
    site: web.Application,
    serve: Serve,
    authority: Authority,
    configured: Configured,
    tmp_path: Path,
) -> None:
    authority.write_server("first")
    key, certificate = tmp_path / "server.key", tmp_path / "server.crt"
    async with serve(site, security=configured.read(PAIR)) as running:
        old = key.read_bytes()
        authority.write_server("second")
        new = key.read_bytes()
        key.write_bytes(old)
        for path in (key, certificate):
            configured.age(path)
        for _ in range(3):
            configured.later()
            assert await common_name(running, authority) == "first"
        assert configured.logged.getvalue().count("is not the key of the certificate") == 1
        key.write_bytes(new)
        configured.age(key)
        configured.later()
        assert await common_name(running, authority) == "second"


async def test_a_changed_file_is_taken_up(configured: Configured) -> None:
    security = configured.read(DENY)
    assert security.headers == (("X-Frame-Options", "deny"),)
    configured.later()
    configured.write(SAMEORIGIN)
    assert await security.authorize("") is None
    assert security.headers == (("X-Frame-Options", "sameorigin"),)


async def test_users_that_are_added_count_for_connections_that_are_open(
    configured: Configured,
) -> None:
    security = configured.read(DENY)
    configured.later()
    configured.write(USERS)
    refusal = await security.authorize("")
    assert refusal is not None
    assert refusal.status == 401


async def test_the_files_are_looked_at_once_a_second_at_most(configured: Configured) -> None:
    security = configured.read(DENY)
    configured.write(SAMEORIGIN)
    await security.authorize("")
    assert security.headers == (("X-Frame-Options", "deny"),)


async def test_a_file_that_was_written_just_now_may_not_be_whole(configured: Configured) -> None:
    security = configured.read(USERS)
    configured.later()
    configured.path.write_text("")
    os.utime(configured.path, (configured.wall_clock.now, configured.wall_clock.now))
    assert await security.authorize("") is not None
    configured.path.write_text(USERS + DENY)
    os.utime(configured.path, (configured.wall_clock.now, configured.wall_clock.now))
    configured.later()
    assert await security.authorize("") is not None
    assert security.headers == (("X-Frame-Options", "deny"),)


async def test_a_file_that_became_bad_keeps_the_old_one_and_is_logged_once(
    configured: Configured,
) -> None:
    security = configured.read(USERS)
    configured.write("basic_auth_users:\n  alice: swordfish\n")
    for _ in range(3):
        configured.later()
        assert await security.authorize("") is not None
    logged = configured.logged.getvalue()
    assert logged.count("the web configuration is wrong; the old one stays") == 1
    assert "web.yml:2: basic_auth_users.alice: is not a bcrypt hash" in logged
    assert "swordfish" not in logged
    configured.write(DENY)
    configured.later()
    assert await security.authorize("") is None
    assert "was taken up" in configured.logged.getvalue()


async def test_a_file_that_goes_away_keeps_the_old_one(configured: Configured) -> None:
    security = configured.read(USERS)
    configured.path.unlink()
    configured.later()
    assert await security.authorize("") is not None
    assert "cannot be read" in configured.logged.getvalue()


@pytest.mark.parametrize(("before", "after"), [(PAIR, DENY), (DENY, PAIR), (PAIR, "")])
def test_tls_is_neither_switched_on_nor_off(
    before: str, after: str, configured: Configured, authority: Authority
) -> None:
    security = configured.read(before)
    had_tls = security.context() is not None
    configured.write(after)
    configured.later()
    assert (security.context() is not None) is had_tls
    assert "TLS cannot be switched on or off without a restart" in configured.logged.getvalue()


class TestRate:
    def test_a_burst_and_then_one_for_each_interval(self) -> None:
        bucket = Bucket(Rate(interval=2.0, burst=3), now=0)
        assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
        assert [bucket.take(now) for now in (1.9, 2.0, 3.9, 4.1)] == [False, True, False, True]

    def test_a_long_rest_gives_no_more_than_the_burst(self) -> None:
        bucket = Bucket(Rate(interval=1.0, burst=2), now=0)
        assert [bucket.take(1000) for _ in range(3)] == [True, True, False]

    async def test_what_is_beyond_the_rate_is_429(self, configured: Configured) -> None:
        security = configured.read("rate_limit:\n  interval: 10s\n  burst: 2\n")
        answers = [await security.authorize("") for _ in range(3)]
        assert [answer and answer.status for answer in answers] == [None, None, 429]

    async def test_a_bucket_is_not_filled_by_a_change_of_something_else(
        self, configured: Configured
    ) -> None:
        text = "rate_limit:\n  interval: 1h\n  burst: 1\n"
        security = configured.read(text)
        assert await security.authorize("") is None
        configured.later()
        configured.write(text + DENY)
        assert await security.authorize("") is not None
        assert security.headers
