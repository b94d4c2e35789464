"""An engine's stream of messages as lines that a person follows; errors in it are raised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pillion_images.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The steps that take time; the others are settings.
_STEP = re.compile(r"^(Step \d+/\d+) : ((?:FROM|COPY|RUN) .*)")


def lines(messages: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Return a line for each step of a build, and for each layer that a push or pull ends.

    Raises:
        ImageError: with what the engine and the steps said last, when it failed.
    """
    said: list[str] = []
    for message in messages:
        if "error" in message:
            output = "".join(said[-30:]).strip()
            raise ImageError(f"{message['error'].strip()}{output and f'; before that: {output}'}")
        text = str(message.get("stream", ""))
        said.append(text)
        if step := _STEP.match(text):
            yield f"{step[1].lower()}  {step[2].strip()}"
        elif message.get("status") in ("Pushed", "Layer already exists", "Pull complete"):
            yield f"{message['status'].lower()}  {message.get('id', '')}"
