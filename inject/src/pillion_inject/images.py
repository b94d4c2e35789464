"""The names of the images that are injected."""

from __future__ import annotations

from pillion_inject import __version__

IMAGE_PREFIX = "pillion"


def image(name: str, prefix: str = "") -> str:
    """Return the image of a process: `image("log-agent")` is `pillion/log-agent:VERSION`."""
    return f"{(prefix or IMAGE_PREFIX).rstrip('/')}/{name}:{__version__}"
