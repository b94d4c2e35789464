"""WebSocket's frames and handshake as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_blackbox_exporter.probers.websocket.frames import (
    BINARY,
    PING,
    TEXT,
    Frame,
    FrameError,
    FrameReader,
    encode_frame,
    masked,
)
from pillion_blackbox_exporter.probers.websocket.handshake import accept_of, key_of


def read_all(*pieces: bytes) -> list[Frame]:
    reader = FrameReader(message_limit=200_000, frame_limit=100)
    frames: list[Frame] = []
    for piece in pieces:
        reader.feed(piece)
        while (frame := reader.next()) is not None:
            frames.append(frame)
    return frames


def as_server(opcode: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """Return a frame of a server: what a client sends, with the mask taken out."""
    frame = bytearray(encode_frame(opcode, payload, b"\0\0\0\0"))
    frame[0] &= 0xFF if is_last else 0x7F
    size = len(frame) - len(payload) - 4
    frame[1] &= 0x7F
    return bytes(frame[:size]) + payload


def test_the_handshake_is_the_one_of_the_rfc() -> None:
    assert key_of(b"the sample nonce") == "dGhlIHNhbXBsZSBub25jZQ=="
    assert accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_masked_frame_is_the_one_of_the_rfc() -> None:
    """RFC 6455, 5.7: a single-frame masked text message "Hello"."""
    wanted = bytes.fromhex("818537fa213d7f9f4d5158")
    assert encode_frame(TEXT, b"Hello", bytes.fromhex("37fa213d")) == wanted


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_a_mask_comes_off_as_it_went_on(payload: bytes, mask: bytes) -> None:
    assert masked(masked(payload, mask), mask) == payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_a_message_of_any_length_is_read(size: int) -> None:
    payload = b"x" * size
    assert read_all(as_server(BINARY, payload)) == [Frame(BINARY, payload)]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.data())
def test_messages_are_the_same_however_they_are_cut(
    payloads: list[bytes], data: st.DataObject
) -> None:
    wire = b"".join(as_server(TEXT, payload) for payload in payloads)
    at = data.draw(st.integers(0, len(wire)))
    wanted = [Frame(TEXT, payload) for payload in payloads]
    assert read_all(wire[:at], wire[at:]) == wanted
    assert read_all(*(bytes((byte,)) for byte in wire)) == wanted


@given(st.lists(st.binary(max_size=50), min_size=2, max_size=6))
def test_fragments_are_joined_with_control_frames_between(parts: list[bytes]) -> None:
    wire = as_server(TEXT, parts[0], is_last=False)
    for part in parts[1:-1]:
        wire += as_server(PING, b"p") + as_server(0, part, is_last=False)
    wire += as_server(0, parts[-1])
    frames = read_all(wire)
    assert frames[-1] == Frame(TEXT, b"".join(parts))
    assert frames[:-1] == [Frame(PING, b"p")] * (len(parts) - 2)


@given(st.lists(st.binary(max_size=100), max_size=4))
def test_no_bytes_break_the_reading(pieces: list[bytes]) -> None:
    try:
        frames = read_all(*pieces)
    except FrameError as error:
        assert str(error).startswith("sent ")
    else:
        assert sum(len(frame.payload) for frame in frames) <= sum(map(len, pieces))
