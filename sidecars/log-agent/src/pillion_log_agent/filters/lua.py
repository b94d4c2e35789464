"""The filter `lua`: a function of a script changes each record, takes it out, or splits it.

Source: fluent-bit's manual, "Lua": `code, timestamp, record = cb(tag, timestamp, record)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.files import read_bounded
from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PATH, TEXT, TIME
from pillion_log_agent.patterns.times import SECOND
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.filters.lua_runtime import Called, LuaFunction
    from pillion_log_agent.records.columns import Record

SCRIPT_LIMIT = 4 * 1024 * 1024
DROP, KEEP, CHANGED, CHANGED_AS_OF_THEN = -1, 0, 1, 2
PARTS_APART = 1 << 40
"""Between the offsets of what one record was split into: beyond those of its file."""
TELL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class LuaProperties:
    """The properties of `lua`."""

    script: str | None = optional("script", PATH, "The script's path.")
    code: str | None = optional("code", TEXT, "The script itself.")
    call: str = setting("call", TEXT, "The function that is called for each record.", default="")
    type_int_key: str = setting(
        "type_int_key", TEXT, "Fields that become whole numbers, with spaces between.", default=""
    )
    type_array_key: str = setting(
        "type_array_key", TEXT, "Fields that are lists even where they are empty.", default=""
    )
    time_as_table: bool = setting(
        "time_as_table", FLAG, "The time is a table with sec and nsec.", default=False
    )
    enable_flb_null: bool = setting(
        "enable_flb_null", FLAG, "null is flb_null in the script, not nil.", default=False
    )
    time_limit: float = setting(
        "time_limit", TIME, "The most that one call may take; then the record stays.", default=1.0
    )


class LuaFilter:
    """Calls a function for each record; where it fails, the record goes on as it is."""

    def __init__(self, properties: LuaProperties, context: FilterContext) -> None:
        self._name = properties.call
        self._log = context.log
        self._wall_ns = context.wall_ns
        self._function = _load(properties)
        self._failures = 0
        self._due = 0

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with what the function has made of its records."""
        offsets, times = batch.offsets, batch.times.nanoseconds()
        records: list[Record] = []
        new_times: list[int] = []
        new_offsets: list[int] = []
        for offset, time, record in zip(offsets, times, batch.records(), strict=True):
            called = self._call(batch.tag, time, record)
            made = [record] if called is None else called.records
            records += made
            new_times += [time if called is None else called.time] * len(made)
            new_offsets += [offset + number * PARTS_APART for number in range(len(made))]
        return Batch(
            batch.tag,
            batch.origin,
            Timestamps(new_times),
            records=records,
            offsets=new_offsets,
            size=batch.size * len(records) // max(len(batch), 1),
        )

    def _call(self, tag: str, time: int, record: Record) -> Called | None:
        """Return what the function has made of a record, None where it stays."""
        from pillion_log_agent.filters.lua_runtime import Called, LuaFailure  # noqa: PLC0415

        try:
            called = self._function.call(tag, time, record)
        except LuaFailure as error:
            self._note(str(error))
            return None
        if called.code == DROP:
            return Called(DROP, time, [])
        if called.code == CHANGED:
            return called
        if called.code == CHANGED_AS_OF_THEN:
            return Called(called.code, time, called.records)
        if called.code != KEEP:
            self._note(f"it has returned the code {called.code}, which there is not")
        return None

    def _note(self, why: str) -> None:
        """Say that the function fails: at once, then once a minute."""
        self._failures += 1
        now = self._wall_ns()
        if now >= self._due:
            self._due = now + TELL_SECONDS * SECOND
            self._log.warning(
                "a Lua function has failed; the record goes on as it is",
                function=self._name,
                error=why[:500],
                failures=self._failures,
            )


def _load(properties: LuaProperties) -> LuaFunction:
    if (properties.script is None) == (properties.code is None):
        raise ConfigurationError("script, code: one of the two has to be given")
    try:
        from pillion_log_agent.filters.lua_runtime import LuaFunction  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "lua needs lupa, which is not installed: pip install 'pillion-log-agent[lua]'"
        ) from None
    code = properties.code
    if properties.script is not None:
        try:
            code = read_bounded(properties.script, SCRIPT_LIMIT).decode("utf-8", "surrogateescape")
        except OSError as error:
            raise ConfigurationError(
                f"script: {properties.script} cannot be read: {error.strerror}"
            ) from None
    return LuaFunction(
        code or "",
        properties.call,
        integers=frozenset(properties.type_int_key.split()),
        arrays=frozenset(properties.type_array_key.split()),
        time_as_table=properties.time_as_table,
        has_null=properties.enable_flb_null,
        seconds=properties.time_limit,
    )


LUA = Declaration(
    name="lua",
    summary="Has a function of a Lua script change records, take them out, or split them.",
    properties=LuaProperties,
    accepted={"protected_mode": "an error in the script never ends the process"},
    required=("call",),
    build=LuaFilter,
)
