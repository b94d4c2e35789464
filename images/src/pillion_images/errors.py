"""What `pillion-images` ends with when it cannot do its work."""

from __future__ import annotations


class ImageError(Exception):
    """One sentence that says what is wrong with which image, and what would be right."""
