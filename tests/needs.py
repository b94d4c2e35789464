"""What a test needs of the machine: where it is not there, the test is skipped, and fails in CI."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def program(name: str) -> str:
    """Return the path of a program; a test that needs a missing one is skipped by name.

    With CI=true it fails.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        absent(f"{name} is not on this machine")
    return path


def peer(name: str, variable: str) -> str:
    """Return the path of a program that we take the place of, to run it beside ours.

    It is looked for in a variable of the environment, then on the PATH. A test that needs it is
    skipped by name where it is not there, in CI too: no package of it can be asked for.
    """
    path = os.environ.get(variable) or shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on this machine; {variable} names it")
    return path


def absent(what: str) -> NoReturn:
    """Skip a test for something that is not here; with CI=true fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def root(what: str) -> None:
    """Require that the test may do what only root may."""
    if os.geteuid() != 0:
        absent(f"{what} needs root")
