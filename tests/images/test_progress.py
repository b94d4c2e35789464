from __future__ import annotations

import pytest

from pillion_images import progress
from pillion_images.errors import ImageError


def test_the_steps_that_take_time_are_lines() -> None:
    messages = [
        {"stream": "Step 1/3 : ARG BUILDER"},
        {"stream": "\n"},
        {"stream": "Step 2/3 : COPY a /b"},
        {"stream": " ---> 0123\n"},
    ]
    assert list(progress.lines(messages)) == ["step 2/3  COPY a /b"]


def test_a_layer_that_is_through_is_a_line() -> None:
    messages = [{"status": "Pushing", "id": "aa"}, {"status": "Pushed", "id": "aa"}]
    assert list(progress.lines(messages)) == ["pushed  aa"]


def test_an_error_in_the_stream_is_raised_with_what_was_said_before() -> None:
    messages = [{"stream": "no such wheel\n"}, {"error": "the command returned 1"}]
    with pytest.raises(ImageError, match=r"^the command returned 1; before that: no such wheel$"):
        list(progress.lines(messages))
