from __future__ import annotations

from pillion_images.sizes import Size, table


def test_the_table_has_a_row_for_each_image_in_megabytes() -> None:
    assert table([Size("pillion/x:1", 42_000_000, 6_500_000, 250_000)]) == (
        "image        base  shared  own  total\npillion/x:1  42.0     6.5  0.2   48.8"
    )


def test_an_image_within_its_limits_has_no_complaint() -> None:
    assert Size("x", 60_000_000, 20_000_000, 10_000_000).complaints() == []


def test_each_limit_that_is_passed_is_named() -> None:
    assert Size("x", 60_100_000, 20_000_000, 10_100_000).complaints() == [
        "x: the base has 60.1 MB, 60 are allowed",
        "x adds 30.1 MB to its base, 30 are allowed",
    ]
