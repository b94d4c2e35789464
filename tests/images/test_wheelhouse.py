from __future__ import annotations

import pytest

from pillion_images.errors import ImageError
from pillion_images.wheelhouse import platform_tags


def test_a_platform_takes_wheels_of_every_c_library_that_debian_13_can_load() -> None:
    tags = platform_tags("linux/arm64")
    assert tags[0] == "manylinux_2_41_aarch64"
    assert "manylinux_2_17_aarch64" in tags
    assert "manylinux2014_aarch64" in tags


def test_an_unknown_platform_is_an_error_that_says_the_known_ones() -> None:
    with pytest.raises(
        ImageError, match="linux/s390x is no platform of ours; there are linux/amd64"
    ):
        platform_tags("linux/s390x")
