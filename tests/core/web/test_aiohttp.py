"""What the server takes for granted of aiohttp, and the versions for which that was tried.

The server uses public names only. Where it counts on how they work together, a test here says so:
when a newer aiohttp breaks one, look at `pillion.web.connection` before the range is widened.
"""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
from pathlib import Path

import aiohttp
from aiohttp import web

import pillion.web
from pillion.web import connection

TRIED = ((3, 14), (3, 15))


def test_this_is_a_version_that_was_tried() -> None:
    version = tuple(int(part) for part in aiohttp.__version__.split(".")[:2])
    assert TRIED[0] <= version < TRIED[1]


def test_no_version_that_was_not_tried_is_installed_beside() -> None:
    wanted = importlib.metadata.requires("pillion") or []
    assert "aiohttp<3.15,>=3.14" in {one.replace(" ", "") for one in wanted}


def test_no_name_of_ours_hides_one_of_aiohttps() -> None:
    theirs = {
        name for each in web.RequestHandler.__mro__ for name in getattr(each, "__slots__", ())
    }
    theirs |= set(dir(web.RequestHandler))
    ours = set(vars(connection.Connection)) | attributes_set(connection)
    overridden = {
        "connection_made", "data_received", "eof_received", "pause_writing", "resume_writing",
        "connection_lost", "finish_response", "handle_error",
    }  # fmt: skip
    hidden = {name for name in ours & theirs if not name.startswith("__")}
    assert hidden == overridden


def attributes_set(module: object) -> set[str]:
    """Return what a module's methods set of themselves."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) == "self"
    }


def test_nothing_private_of_aiohttp_is_used() -> None:
    theirs = {
        name
        for kind in (web.RequestHandler, web.Server, web.AppRunner, web.Application, web.Request)
        for each in kind.__mro__
        for name in (*getattr(each, "__slots__", ()), *vars(each))
        if name.startswith("_") and not name.startswith("__")
    }
    used = {
        f"{file.name}: {node.attr}"
        for file in Path(pillion.web.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in theirs
    }
    assert used == set()


def test_the_factory_of_requests_can_be_replaced_and_is_read_for_each_connection() -> None:
    assert "manager.request_factory" in inspect.getsource(web.RequestHandler.__init__)


def test_the_factory_is_called_before_the_next_bytes_are_read() -> None:
    """Else a long body could be taken for a head without end."""
    source = inspect.getsource(web.RequestHandler.start)
    assert source.index("self._request_factory(") < source.index("self._handle_request(")
