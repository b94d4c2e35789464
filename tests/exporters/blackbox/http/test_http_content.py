"""Content: decompressed in slices, counted, limited, and never more in memory than is wanted."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.content import KEPT_LIMIT, Content


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


ENCODED = {
    "gzip": gzip.compress,
    "deflate": deflated,
    "br": brotli.compress,
    "identity": bytes,
    "": bytes,
}


async def taken(compression: str, pieces: list[bytes], *, limit: int = 0) -> Content:
    content = Content(compression, limit, keep=True)
    for piece in pieces:
        await content.take(piece)
    content.end()
    return content


@pytest.mark.parametrize("compression", ENCODED)
async def test_content_is_the_same_however_it_is_cut(compression: str) -> None:
    data = bytes(range(256)) * 20
    encoded = ENCODED[compression](data)
    for size in (1, 7, len(encoded)):
        pieces = [encoded[at : at + size] for at in range(0, len(encoded), size)]
        content = await taken(compression, pieces)
        assert bytes(content.kept) == data
        assert content.length == len(data)


async def test_a_gzip_file_may_have_several_members() -> None:
    content = await taken("gzip", [gzip.compress(b"one") + gzip.compress(b"two")])
    assert bytes(content.kept) == b"onetwo"


@pytest.mark.parametrize("compression", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("what", ["cut", "garbage", "empty"])
async def test_content_that_is_not_as_agreed_fails(compression: str, what: str) -> None:
    whole = ENCODED[compression](b"hello world" * 100)
    pieces = {"cut": [whole[:-5]], "garbage": [b"\xff\xfeplain text\xff" * 50], "empty": []}[what]
    with pytest.raises(ProbeError) as caught:
        await taken(compression, pieces)
    assert caught.value.reason == "compression"


@pytest.mark.parametrize("compression", ENCODED)
async def test_content_beyond_the_limit_fails_and_counts_to_the_limit(compression: str) -> None:
    encoded = ENCODED[compression](b"x" * 10_000)
    content = Content(compression, 1000, keep=True)
    with pytest.raises(ProbeError) as caught:
        await content.take(encoded)
    assert caught.value.reason == "body_size"
    assert (content.length, len(content.kept)) == (1000, 1000)


async def test_content_of_just_the_limit_passes() -> None:
    assert (await taken("", [b"x" * 999, b"y"], limit=1000)).length == 1000


@pytest.mark.parametrize("compression", ["gzip", "br"])
async def test_a_bomb_is_stopped_at_the_limit_and_needs_little_memory(compression: str) -> None:
    bomb = ENCODED[compression](bytes(200_000_000))
    content = Content(compression, 1_000_000, keep=True)
    tracemalloc.start()
    try:
        with pytest.raises(ProbeError):
            await content.take(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


async def test_without_a_limit_a_bomb_is_counted_and_only_its_beginning_kept() -> None:
    content = await taken("gzip", [gzip.compress(bytes(30_000_000))])
    assert content.length == 30_000_000
    assert len(content.kept) == KEPT_LIMIT
    assert content.is_cut


async def test_what_is_not_wanted_is_not_kept() -> None:
    content = Content("", 0, keep=False)
    await content.take(b"x" * 1000)
    assert (content.length, len(content.kept)) == (1000, 0)
