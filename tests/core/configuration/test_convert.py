from __future__ import annotations

import msgspec
import pytest

from pillion.configuration import Document, convert, convert_mapping
from pillion.errors import ConfigurationError


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: str = "GET"
    status_codes: list[int] = []
    wait: float | None = None


class Module(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    prober: str
    http_part: Http | None = None


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first: Module


def read(text: str) -> Configuration:
    return convert(Document.parse(text, "f.yml"), Configuration)


def test_a_document_becomes_typed_values() -> None:
    assert read("first: {prober: http, http-part: {status_codes: [200]}}") == Configuration(
        Module("http", Http(status_codes=[200]))
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "first:\n  prober: http\n  http-part:\n    methud: GET\n",
            "f.yml:4: first.http-part.methud: unknown key; did you mean 'method'?",
        ),
        (
            "first:\n  prober: http\n  zzz: 1\n",
            "f.yml:3: first.zzz: unknown key; there are http-part, prober",
        ),
        ("first:\n  http-part: {}\n", "f.yml:1: first: lacks the key 'prober'"),
        (
            "first:\n  prober: http\n  http-part:\n    status_codes: [200, x]\n",
            "f.yml:4: first.http-part.status_codes[1]: must be a whole number, not text",
        ),
        ("first:\n  prober: 5\n", "f.yml:2: first.prober: must be text, not a whole number"),
        (
            "first:\n  prober: x\n  http-part: {wait: x}\n",
            "f.yml:3: first.http-part.wait: must be a number or nothing, not text",
        ),
        ("first: []\n", "f.yml:1: first: must be a mapping, not a list"),
    ],
)
def test_what_does_not_fit_is_named_with_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(text)
    assert str(error.value) == sentence


def test_an_entry_of_a_mapping_is_named_in_its_error() -> None:
    document = Document.parse("modules:\n  a: {prober: x}\n  b:\n    probber: y\n", "f.yml")
    with pytest.raises(ConfigurationError) as error:
        convert_mapping(document, Module, at=("modules",))
    assert str(error.value) == ("f.yml:4: modules.b.probber: unknown key; did you mean 'prober'?")


def test_a_mapping_that_is_absent_is_empty() -> None:
    assert convert_mapping(Document.parse("", "f.yml"), Module, at=("modules",)) == {}


class Switches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tls: bool = False
    many: list[bool] = []
    name: str = ""
    choice: bool | None = None


@pytest.mark.parametrize(
    ("word", "truth"), [("yes", True), ("on", True), ("Y", True), ("no", False), ("Off", False)]
)
def test_yaml_1_1_truths_are_truths_where_one_is_wanted(word: str, truth: bool) -> None:  # noqa: FBT001
    document = Document.parse(
        f"tls: {word}\nmany: [true, {word}]\nname: {word}\nchoice: '{word}'\n", "f.yml"
    )
    assert convert(document, Switches) == Switches(truth, [True, truth], word, truth)


def test_any_other_word_is_no_truth() -> None:
    with pytest.raises(ConfigurationError, match="must be true or false, not text"):
        convert(Document.parse("tls: maybe", "f.yml"), Switches)
