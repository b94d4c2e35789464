"""The health service's messages as bytes, beside Google's own Protocol Buffers."""

from __future__ import annotations

import pytest
from grpc_health.v1 import health_pb2
from hypothesis import given
from hypothesis import strategies as st

from pillion_blackbox_exporter.configuration.metadata import metadata_field
from pillion_blackbox_exporter.probers.grpc.message import (
    decode_response,
    decode_text,
    encode_request,
    timeout_field,
)


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


@given(st.text(max_size=300))
def test_a_request_is_what_protocol_buffers_make_of_it(service: str) -> None:
    made = health_pb2.HealthCheckRequest(service=service).SerializeToString()
    assert encode_request(service) == framed(made)


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_a_response_is_read(status: int) -> None:
    made = health_pb2.HealthCheckResponse(status=status).SerializeToString()
    assert decode_response(framed(made)) == status


def test_fields_that_are_not_known_are_skipped() -> None:
    unknown = b"\x12\x03abc" + b"\x1d1234" + b"\x2112345678" + b"\x28\x80\x01"
    assert decode_response(framed(unknown + b"\x08\x01")) == 1


@given(st.binary(max_size=100))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    for given_bytes in (data, framed(data)):
        try:
            assert decode_response(given_bytes) >= 0
        except ValueError as error:
            assert str(error).startswith(("has ", "ends ", "is "))


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5000m"), (0.0004, "1m"), (0, "1m"), (1e9, "99999999m")]
)
def test_a_timeout_has_a_unit_and_few_digits(seconds: float, text: str) -> None:
    assert timeout_field(seconds) == text


def test_binary_metadata_goes_as_base64_without_padding() -> None:
    assert metadata_field("X-Id-bin", "a") == ("x-id-bin", "YQ")


def test_a_message_is_percent_decoded() -> None:
    assert decode_text("50%25 of caf%C3%A9%FF") == "50% of café�"
