from __future__ import annotations

import pytest

from pillion.testing import Scrape

TEXT = """# HELP a A.
# TYPE a gauge
a{x="1",y="q\\"\\\\\\n"} 2.5
a{x="2"} 3
# TYPE b counter
b 7
"""


def test_a_scrape_is_asked_by_name_and_labels() -> None:
    scrape = Scrape.parse(TEXT)
    assert scrape.value("a", x="1", y='q"\\\n') == 2.5
    assert scrape.value("b") == 7
    assert scrape.types == {"a": "gauge", "b": "counter"}
    assert scrape.names() == {"a", "b"}


def test_a_series_that_is_absent_is_named_with_those_that_are_there() -> None:
    with pytest.raises(KeyError, match="with that name: "):
        Scrape.parse(TEXT).value("a", x="9")


@pytest.mark.parametrize("text", ["a{x=1 2", "no sample at all", "a 1\na 2"])
def test_what_is_no_exposition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a sample|is there twice|could not convert"):
        Scrape.parse(text)
