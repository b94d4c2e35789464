"""The forward protocol: framing, messages, events, handshake, from hostile bytes too."""

from __future__ import annotations

import gzip
import tracemalloc

import msgpack
import pytest

from pillion_log_agent.forward.events import blocks_of, decode_events
from pillion_log_agent.forward.framing import Framer, FramingError
from pillion_log_agent.forward.handshake import Client, Helo, Server
from pillion_log_agent.forward.message import Message, parse_message

EVENTS = [[1, {"a": "x"}], [2, {"b": [1, {"c": None}]}]]
PACKED = b"".join(map(msgpack.packb, EVENTS))
LIMIT = 1 << 20


def _records(message: Message, limit: int = LIMIT) -> list[object]:
    found: list[object] = []
    for count, block in blocks_of(message.events, message.compression, limit):
        events = decode_events(count, block, now=7)
        found += list(zip(events.times, events.records, strict=True))
    return found


@pytest.mark.parametrize(
    "message",
    [
        ["t", EVENTS, {"chunk": "c"}],
        ["t", PACKED, {"chunk": "c"}],
        ["t", gzip.compress(PACKED), {"chunk": "c", "compressed": "gzip"}],
        [
            "t",
            gzip.compress(PACKED[:9]) + gzip.compress(PACKED[9:]),
            {"chunk": "c", "compressed": "gzip"},
        ],
    ],
    ids=["forward", "packed", "gzip", "two gzip members"],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_message_of_each_mode_is_read_in_whatever_pieces_it_comes(
    message: list[object], step: int
) -> None:
    data, framer, found = msgpack.packb(message) * 2, Framer(LIMIT), []
    for start in range(0, len(data), step):
        framer.feed(data[start : start + step])
        while (whole := framer.next()) is not None:
            found.append(parse_message(whole))
    assert len(found) == 2
    assert found[1].tag == "t"
    assert found[1].chunk == "c"
    assert _records(found[1]) == [(10**9, {"a": "x"}), (2 * 10**9, {"b": [1, {"c": None}]})]


def test_message_mode_has_one_event_and_its_options_behind_it() -> None:
    time = msgpack.ExtType(0, (5).to_bytes(4, "big") + (6).to_bytes(4, "big"))
    message = parse_message(msgpack.packb(["t", time, {"a": 1}, {"chunk": "c"}]))
    assert message.chunk == "c"
    assert _records(message) == [(5 * 10**9 + 6, {"a": 1})]


def test_old_clients_send_events_as_a_string_of_any_bytes() -> None:
    data = msgpack.packb("t") + b"\xdb" + len(PACKED).to_bytes(4, "big") + PACKED
    assert len(_records(parse_message(b"\x92" + data))) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xc1", "no MessagePack"),
        (b"\x91" * 5000, "nested too deeply"),
        (b"\xc6\xff\xff\xff\xff" + b"x" * 2000, "more than 1000 bytes"),
        (b"\xdd\xff\xff\xff\xff" + b"\xc0" * 2000, "more than 1000 bytes"),
    ],
)
def test_a_stream_that_will_never_be_a_message_is_given_up(data: bytes, words: str) -> None:
    framer = Framer(1000)
    framer.feed(data)
    with pytest.raises(FramingError, match=words):
        framer.next()


@pytest.mark.parametrize(
    "message",
    [
        5,
        "GET / HTTP/1.1",
        [],
        ["t"],
        ["", EVENTS],
        ["t" * 2000, EVENTS],
        ["t", 5],
        ["t", EVENTS, 5],
        [5, EVENTS],
        ["t", EVENTS, {"chunk": 5}],
    ],
)
def test_what_is_no_message_is_refused(message: object) -> None:
    with pytest.raises(FramingError):
        parse_message(msgpack.packb(message))


def test_a_gzip_bomb_is_refused_before_it_unfolds() -> None:
    bomb = gzip.compress(PACKED * 3_000_000)
    message = Message("t", bomb, compression="gzip")
    tracemalloc.start()
    with pytest.raises(FramingError, match="unfold into more than 1048576 bytes"):
        _records(message)
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(PACKED)[:-9]])
def test_compressed_events_that_are_broken_are_refused(data: bytes) -> None:
    with pytest.raises(FramingError):
        _records(Message("t", data, compression="gzip"))


def test_an_array_that_claims_more_than_it_has_costs_nothing() -> None:
    tracemalloc.start()
    framer = Framer(1 << 24)
    framer.feed(b"\xdd\xff\xff\xff\xff" * 1000)
    assert framer.next() is None
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({1: "a", b"k\xff": b"v\xff"}, {"1": "a", "k�": "v�"}),
        (
            {"t": msgpack.ExtType(0, bytes(8)), "x": msgpack.ExtType(9, b"\x01")},
            {"t": 0.0, "x": "01"},
        ),
    ],
)
def test_what_json_does_not_know_becomes_what_it_knows(record: object, expected: object) -> None:
    block = msgpack.packb([1, record])
    assert decode_events(1, block, 7).records == [expected]


def test_only_an_event_that_is_none_is_left_out_of_its_block() -> None:
    deep: object = "x"
    for _ in range(100):
        deep = {"d": deep}
    events = [[1, {"a": 1}], [1], 5, [1, 2], [1, {"d": deep}], [[2, {}], {"b": 2}], [[-1, {}], {}]]
    block = b"".join(map(msgpack.packb, events)) + b"\x92\x03\x81\xa1c\xa1\xff"
    found = decode_events(8, block, 7)
    assert found.records == [{"a": 1}, {"b": 2}, {"c": "�"}]
    assert found.times == [10**9, 2 * 10**9, 3 * 10**9]
    assert (found.malformed, found.groups) == (4, 1)


@pytest.mark.parametrize("time", [-1, 2**63, float("nan"), "now", None])
def test_a_time_out_of_all_reason_is_that_of_its_coming(time: object) -> None:
    assert decode_events(1, msgpack.packb([time, {"a": 1}]), 7).times == [7]


@pytest.mark.parametrize(
    ("key", "user", "password", "refusal"),
    [
        ("k", "bob", "pw", ""),
        ("wrong", "bob", "pw", "shared_key mismatch"),
        ("k", "bob", "wrong", "username/password mismatch"),
        ("k", "eve", "pw", "username/password mismatch"),
        ("k", "", "", "username/password mismatch"),
    ],
)
def test_the_handshake_lets_in_who_knows_the_key_and_the_password(
    key: str, user: str, password: str, refusal: str
) -> None:
    server = Server("here", "k", {"bob": "pw"})
    client = Client("there", key, user, password)
    helo = Helo.parse(Helo(b"\xffnonce", b"salt").packed())
    pong, found = server.answer(client.ping(helo, b"\xfesalt"), helo)
    assert found == refusal
    assert client.refusal(pong, helo, b"\xfesalt") == refusal


def test_a_client_notices_a_server_that_does_not_know_the_key() -> None:
    client, helo = Client("there", "k"), Helo(b"n")
    pong, _ = Server("here", "other").answer(Client("x", "other").ping(helo, b"s"), helo)
    assert client.refusal(pong, helo, b"s") == "the server does not know the shared_key"


def test_no_secret_is_shown() -> None:
    assert (
        "hunter2"
        not in f"{Server('a', 'hunter2', {'b': 'hunter2'})}{Client('a', 'hunter2', 'b', 'hunter2')}"
    )
