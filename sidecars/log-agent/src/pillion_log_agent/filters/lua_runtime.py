"""One function of a Lua script: values to tables and back, bounded in time and memory.

Lua 5.1, whose dialect that of fluent-bit's LuaJIT is. Text is bytes to Lua: a script that cuts it
in the middle of a character leaves a replacement character.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lupa import lua51

from pillion.errors import ConfigurationError
from pillion_log_agent.patterns.times import SECOND

if TYPE_CHECKING:
    from pillion_log_agent.records.columns import Record

MEMORY_LIMIT = 64 * 1024 * 1024
MOST_DEPTH = 64
MOST_PARTS = 10_000
_GUARD = b"""
local limit = ...
local clock, sethook, pcall, error = os.clock, debug.sethook, pcall, error
local until_then = 0
local function look()
    if clock() > until_then then error("it has taken longer than time_limit", 0) end
end
os.exit = nil
return function(f, tag, ts, record)
    until_then = clock() + limit
    sethook(look, "", 100000)
    local ok, code, time, made = pcall(f, tag, ts, record)
    sethook()
    return ok, code, time, made
end
"""


class LuaFailure(Exception):  # noqa: N818  # it is one of the script's
    """The function has failed, or has returned what is no record."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a call has returned.

    Attributes:
        code: -1, 0, 1 or 2, if the script is right.
        time: nanoseconds.
        records: one, or those that the record was split into.
    """

    code: int
    time: int
    records: list[Record]


class LuaFunction:
    """A function of a script.

    Raises, when it is made:
        ConfigurationError: the script cannot be run, or has no such function.
    """

    def __init__(
        self,
        code: str,
        name: str,
        *,
        integers: frozenset[str],
        arrays: frozenset[str],
        time_as_table: bool,
        has_null: bool,
        seconds: float,
    ) -> None:
        self._lua = lua51.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            max_memory=MEMORY_LIMIT,
        )
        self._integers = {each.encode() for each in integers}
        self._arrays = {each.encode() for each in arrays}
        self._time_as_table = time_as_table
        self._null = self._lua.table() if has_null else None
        lua_globals = self._lua.globals()
        # What Python objects could be reached by.
        lua_globals[b"python"] = None
        if has_null:
            lua_globals[b"flb_null"] = self._null
        self._is_same = lua_globals[b"rawequal"]
        self._guard = self._lua.execute(_GUARD, seconds)
        try:
            self._lua.execute(code.encode("utf-8", "surrogateescape"))
        except lua51.LuaError as error:
            raise ConfigurationError(f"the script cannot be run: {_words(error)}") from None
        self._function = lua_globals[name.encode()]
        if lua51.lua_type(self._function) != "function":
            raise ConfigurationError(f"call: the script has no function {name!r}")

    def call(self, tag: str, time: int, record: Record) -> Called:
        """Call it for a record.

        Raises:
            LuaFailure: it has failed.
        """
        shown: Any = time / SECOND
        if self._time_as_table:
            shown = self._lua.table_from({b"sec": time // SECOND, b"nsec": time % SECOND})
        try:
            ok, *returned = self._guard(
                self._function, tag.encode(), shown, self._to_lua(record, 0)
            )
            if not ok:
                raise LuaFailure(_words(returned[0]))
            code, new_time, made = returned
            return Called(
                int(code or 0), self._time(new_time, shown, time), self._records(made, record)
            )
        except (lua51.LuaError, MemoryError, RecursionError, OverflowError) as error:
            raise LuaFailure(_words(error) or type(error).__name__) from None
        except (TypeError, ValueError):
            raise LuaFailure("it has not returned a code, a timestamp and a record") from None

    def _time(self, returned: Any, shown: Any, time: int) -> int:
        if self._time_as_table:
            if lua51.lua_type(returned) != "table":
                return time
            return int(returned[b"sec"]) * SECOND + int(returned[b"nsec"] or 0)
        # A number of Lua's has no room for nanoseconds: what was not changed stays exact.
        return time if returned is None or returned == shown else round(returned * SECOND)

    def _records(self, made: Any, record: Record) -> list[Record]:
        found = self._from_lua(made, b"", 0) if lua51.lua_type(made) == "table" else record
        if isinstance(found, dict):
            return [_in_order(found, record)]
        parts: list[Any] = found if isinstance(found, list) and len(found) <= MOST_PARTS else [None]
        if not all(isinstance(each, dict) for each in parts):
            raise LuaFailure("it has returned a table that is no record")
        return [_in_order(each, record) for each in parts]

    def _to_lua(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return value.encode("utf-8", "replace")
        if value is None:
            return self._null
        if depth > MOST_DEPTH:
            raise LuaFailure(f"the record is nested deeper than {MOST_DEPTH}")
        if isinstance(value, dict):
            return self._lua.table_from(
                {
                    key.encode("utf-8", "replace"): self._to_lua(each, depth + 1)
                    for key, each in value.items()
                }
            )
        if isinstance(value, list):
            return self._lua.table_from([self._to_lua(each, depth + 1) for each in value])
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def _from_lua(self, value: Any, key: bytes, depth: int) -> Any:
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, float):
            is_whole = key in self._integers or value.is_integer()
            return int(value) if is_whole and abs(value) < float("inf") else value
        if value is None or isinstance(value, (bool, int)):
            return value
        if lua51.lua_type(value) != "table":
            raise LuaFailure(f"it has returned a {lua51.lua_type(value) or 'value of its own'}")
        if self._null is not None and self._is_same(value, self._null):
            return None
        if depth > MOST_DEPTH:
            raise LuaFailure(f"it has returned a table nested deeper than {MOST_DEPTH}")
        pairs = list(value.items())
        if [name for name, _ in pairs] == list(range(1, len(pairs) + 1)) and (
            pairs or key in self._arrays
        ):
            return [self._from_lua(each, key, depth + 1) for _, each in pairs]
        return {
            _name(name): self._from_lua(each, name if isinstance(name, bytes) else b"", depth + 1)
            for name, each in pairs
        }


def _in_order(made: Record, before: Record) -> Record:
    """Return a record with the fields that were there before first: a table has no order."""
    found = {key: made[key] for key in before if key in made}
    return found | {key: made[key] for key in sorted(made) if key not in found}


def _name(key: Any) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else f"{key:g}"


def _words(error: Any) -> str:
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else str(error)
    return text.partition("\n")[0]
