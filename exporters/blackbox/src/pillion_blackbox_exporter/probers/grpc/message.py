"""The messages of gRPC's health service, and how gRPC frames and names things, as bytes.

Sources: grpc/doc/PROTOCOL-HTTP2.md and health-checking.md, the Protocol Buffers encoding.
"""

from __future__ import annotations

from urllib.parse import unquote

PATH = "/grpc.health.v1.Health/Check"
SERVING_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
SERVING = 1

STATUSES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, PERMISSION_DENIED = 0, 1, 2, 4, 7
RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 8, 12, 13, 14, 16

# http-grpc-status-mapping.md: what an answer without a gRPC status stands for.
_OF_HTTP = {
    400: INTERNAL,
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    404: UNIMPLEMENTED,
    429: UNAVAILABLE,
    502: UNAVAILABLE,
    503: UNAVAILABLE,
    504: UNAVAILABLE,
}
# PROTOCOL-HTTP2.md, "Errors": what the reset of a stream stands for; else INTERNAL.
_OF_RESET = {7: UNAVAILABLE, 8: CANCELLED, 11: RESOURCE_EXHAUSTED, 12: PERMISSION_DENIED}

_FRAME_HEADER = 5
_VARINT_LIMIT = 10
_VARINT, _FIXED_64, _LENGTH, _FIXED_32 = 0, 1, 2, 5


def encode_request(service: str) -> bytes:
    """Return a framed HealthCheckRequest; a service without a name is the whole server."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


def decode_response(data: bytes) -> int:
    """Return the number of the serving status in a framed HealthCheckResponse.

    Raises:
        ValueError: it is none; the second half of a sentence.
    """
    if len(data) < _FRAME_HEADER:
        raise ValueError("is shorter than the header of a message")
    if data[0]:
        raise ValueError("is compressed, though no compression was offered")
    if len(data) != _FRAME_HEADER + int.from_bytes(data[1:_FRAME_HEADER], "big"):
        raise ValueError("has another length than it says")
    return _serving_status(data[_FRAME_HEADER:])


def status_of_http(status: int) -> int:
    """Return the gRPC status that an HTTP status stands for."""
    return _OF_HTTP.get(status, UNKNOWN)


def status_of_reset(code: int) -> int:
    """Return the gRPC status that HTTP/2's error code of a reset stands for."""
    return _OF_RESET.get(code, INTERNAL)


def status_name(status: int) -> str:
    """Return the name of a gRPC status, or its number when it has none."""
    return STATUSES[status] if 0 <= status < len(STATUSES) else str(status)


def decode_text(text: str) -> str:
    """Return a `grpc-message`, which is percent-encoded UTF-8."""
    return unquote(text, errors="replace")


def timeout_field(seconds: float) -> str:
    """Return a `grpc-timeout`: at most eight digits and a unit."""
    return f"{max(1, min(99_999_999, int(seconds * 1000)))}m"


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004  # seven bits to a byte
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _serving_status(message: bytes) -> int:
    """Return field 1 of a message; fields that are not known are skipped."""
    status, at = 0, 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        field, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            number, at = _read_varint(message, at)
            if field == 1:
                status = number
        elif kind == _LENGTH:
            length, at = _read_varint(message, at)
            at += length
        elif kind in (_FIXED_32, _FIXED_64):
            at += 4 if kind == _FIXED_32 else 8
        else:
            raise ValueError(f"has a field of the unknown kind {kind}")
    if at > len(message):
        raise ValueError("ends within a field")
    return status


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = 0
    for index in range(_VARINT_LIMIT):
        if at + index >= len(message):
            raise ValueError("ends within a number")
        byte = message[at + index]
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004  # the last byte
            return number, at + index + 1
    raise ValueError("has a number of more than ten bytes")
