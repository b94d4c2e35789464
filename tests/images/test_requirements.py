from __future__ import annotations

from pillion_images import requirements

TWO = "a==1 \\\n    --hash=sha256:aa\nb==2 ; sys_platform == 'linux' \\\n    --hash=sha256:bb\n"


def test_a_pin_is_its_name_and_the_whole_entry() -> None:
    assert requirements.pinned(TWO) == {
        "a": "a==1 --hash=sha256:aa",
        "b": "b==2 ; sys_platform == 'linux' --hash=sha256:bb",
    }


def test_comments_and_blank_lines_are_no_pins() -> None:
    assert requirements.pinned("# a==1\n\n") == {}


def test_what_the_shared_layer_has_is_not_in_the_component_layer() -> None:
    assert requirements.beyond(TWO, "a==1 --hash=sha256:aa\n") == (
        "b==2 ; sys_platform == 'linux' --hash=sha256:bb\n"
    )


def test_another_version_than_the_shared_one_is_in_the_component_layer() -> None:
    assert requirements.beyond("a==2 --hash=sha256:cc\n", TWO) == "a==2 --hash=sha256:cc\n"
