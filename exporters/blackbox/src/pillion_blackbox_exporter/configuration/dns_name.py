"""Domain names (RFC 1035, 2.3.4 and 3.1) as they go over the wire. Pure."""

from __future__ import annotations

NAME_LIMIT = 255
LABEL_LIMIT = 63


def encode_name(text: str) -> bytes:
    r"""Return a name for the wire; `\.` and `\ddd` stand for bytes within a label.

    Raises:
        ValueError: a label or the name is empty or too long; the second half of a sentence.
    """
    if text in ("", "."):
        return b"\0"
    encoded = bytearray()
    for label in _labels(text.encode()):
        if not label:
            raise ValueError("has an empty label")
        if len(label) > LABEL_LIMIT:
            raise ValueError(f"has a label of more than {LABEL_LIMIT} bytes")
        encoded.append(len(label))
        encoded += label
    encoded.append(0)
    if len(encoded) > NAME_LIMIT:
        raise ValueError(f"is longer than {NAME_LIMIT} bytes")
    return bytes(encoded)


def _labels(text: bytes) -> list[bytes]:
    labels = [bytearray()]
    at, end = 0, len(text) - (text.endswith(b".") and not text.endswith(b"\\."))
    while at < end:
        if text[at] == ord("."):
            labels.append(bytearray())
        elif text[at] == ord("\\") and text[at + 1 : at + 4].isdigit() and len(text) >= at + 4:
            number = int(text[at + 1 : at + 4])
            if number > 0xFF:  # noqa: PLR2004  # a byte
                raise ValueError(f"has \\{number}, which is not a byte")
            labels[-1].append(number)
            at += 3
        else:
            at += text[at] == ord("\\") and at + 1 < end
            labels[-1].append(text[at])
        at += 1
    return [bytes(label) for label in labels]
