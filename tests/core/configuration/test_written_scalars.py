"""What a YAML document keeps for readers that follow Go: how scalars are written, and bytes."""

from __future__ import annotations

import msgspec
import pytest

from pillion.configuration import Document, WrongKeyError, convert
from pillion.errors import ConfigurationError


def test_a_scalar_that_is_no_text_is_kept_as_it_is_written() -> None:
    document = Document.parse("a: 1.10\nb: text\nc: 'quoted'\nd: [0x10, true]\n", "f.yml")
    assert document.texts == {("a",): "1.10", ("d", 0): "0x10", ("d", 1): "true"}


def test_binary_is_bytes() -> None:
    assert Document.parse("a: !!binary AAE=\n", "f.yml").data == {"a": b"\x00\x01"}


def test_binary_that_is_no_base64_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"f\.yml:1: a: is tagged !!binary but is not base64"
    ):
        Document.parse("a: !!binary '%%'\n", "f.yml")


class Bounds(msgspec.Struct, forbid_unknown_fields=True):
    low: int = 0
    high: int = 0

    def __post_init__(self) -> None:
        if self.high < self.low:
            raise WrongKeyError("high", f"must not be below {self.low}")


def test_a_struct_can_say_which_of_its_keys_is_wrong() -> None:
    document = Document.parse("low: 5\nhigh: 1\n", "f.yml")
    with pytest.raises(ConfigurationError, match=r"f\.yml:2: high: must not be below 5"):
        convert(document, Bounds)
