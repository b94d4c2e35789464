"""The journal, read by libsystemd.

`systemd-python` has no wheels and would have to be compiled in each image; the library itself is
on every Debian, and what is needed of it are the calls below.

Source: sd_journal_open(3), sd_journal_next(3), sd_journal_get_data(3), sd_journal_get_cursor(3),
sd_journal_add_match(3), sd_journal_get_fd(3).
"""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIBRARY = "libsystemd.so.0"
LOCAL_ONLY = 1
LONGEST_FIELD = 1024 * 1024
"""Bytes of a field that are read; the rest of a longer one, such as a core dump, is left out."""
_J = c_void_p
_CALLS: dict[str, tuple[Any, ...]] = {
    "open": (POINTER(_J), c_int),
    "open_directory": (POINTER(_J), c_char_p, c_int),
    "get_fd": (_J,),
    "process": (_J,),
    "set_data_threshold": (_J, c_size_t),
    "add_match": (_J, c_char_p, c_size_t),
    "add_conjunction": (_J,),
    "add_disjunction": (_J,),
    "seek_head": (_J,),
    "seek_tail": (_J,),
    "seek_cursor": (_J, c_char_p),
    "test_cursor": (_J, c_char_p),
    "next": (_J,),
    "previous": (_J,),
    "get_cursor": (_J, POINTER(c_void_p)),
    "get_realtime_usec": (_J, POINTER(c_uint64)),
    "enumerate_available_data": (_J, POINTER(c_void_p), POINTER(c_size_t)),
    "restart_data": (_J,),
    "close": (_J,),
}
_MOST_AGAIN = 350
_OF_NO_RESULT = ("close", "restart_data")


@lru_cache(maxsize=1)
def _library() -> dict[str, Any]:
    """Return the calls; raises ConfigurationError."""
    try:
        library = ctypes.CDLL(LIBRARY)
        calls = {name: getattr(library, f"sd_journal_{name}") for name in _CALLS}
    except (OSError, AttributeError) as error:
        raise ConfigurationError(
            f"needs {LIBRARY} of systemd 246 or newer (Debian's package libsystemd0): {error}"
        ) from None
    for name, arguments in _CALLS.items():
        calls[name].argtypes = arguments
        calls[name].restype = None if name in _OF_NO_RESULT else c_int
    free = ctypes.CDLL(None).free
    free.argtypes, free.restype = (c_void_p,), None
    return {**calls, "free": free}


class Journal:
    """One reader of a journal. Every method but `close` raises OSError."""

    def __init__(self, directory: str | None) -> None:
        """Open the journal of this machine, or that in a directory; raises ConfigurationError."""
        self._calls = _library()
        self._journal = _J()
        if directory is None:
            self._call("open", byref(self._journal), LOCAL_ONLY, is_bare=True)
        else:
            path = os.fsencode(directory)
            self._call("open_directory", byref(self._journal), path, 0, is_bare=True)
        self._call("set_data_threshold", LONGEST_FIELD)
        self._data, self._length = c_void_p(), c_size_t()
        self._time = c_uint64()

    def add_matches(self, matches: Sequence[str], *, are_all_needed: bool) -> None:
        """Let only entries through that have one of the fields `NAME=value`, or all."""
        for match in matches:
            data = match.encode()
            self._call("add_match", data, len(data))
            self._call("add_conjunction" if are_all_needed else "add_disjunction")

    def fileno(self) -> int:
        """Return what becomes readable when there may be more."""
        return self._call("get_fd")

    def process(self) -> None:
        """Take note of files that came and went."""
        self._call("process")

    def seek_head(self) -> None:
        """Go before the first entry."""
        self._call("seek_head")

    def seek_end(self) -> bool:
        """Go to the last entry, so that the next is one that is written from now on.

        Returns:
            Whether there is one; where not, the first that comes is the next.
        """
        self._call("seek_tail")
        if not self._call("previous"):
            self._call("seek_head")
            return False
        # With several files libsystemd hands out the last entries of older ones again (its issue
        # 9934): two of each, and a journal has no more than some hundred files.
        for _ in range(_MOST_AGAIN):
            if not self._call("next"):
                break
        return True

    def seek_behind(self, cursor: str) -> bool:
        """Go to an entry, so that the next is the one behind it.

        Returns:
            Whether it is there; where not, the next is the one that follows where it was.
        """
        data = cursor.encode()
        self._call("seek_cursor", data)
        if not self._call("next"):
            return False
        if self._call("test_cursor", data) > 0:
            return True
        self._call("seek_cursor", data)
        return False

    def next(self) -> bool:
        """Go to the next entry; return whether there is one."""
        return self._call("next") > 0

    def cursor(self) -> str:
        """Return what names the entry for good."""
        pointer = c_void_p()
        self._call("get_cursor", byref(pointer))
        try:
            return ctypes.string_at(pointer.value or 0).decode()
        finally:
            self._calls["free"](pointer)

    def time_us(self) -> int:
        """Return when the entry was written, microseconds since 1970."""
        self._call("get_realtime_usec", byref(self._time))
        return int(self._time.value)

    def fields(self) -> Iterator[bytes]:
        """Yield the fields of the entry, `NAME=value`; what cannot be decompressed is left out."""
        self._calls["restart_data"](self._journal)
        arguments = byref(self._data), byref(self._length)
        while self._call("enumerate_available_data", *arguments) > 0:
            yield ctypes.string_at(self._data.value or 0, self._length.value)

    def close(self) -> None:
        """Let it go."""
        if self._journal.value is not None:
            self._calls["close"](self._journal)
            self._journal = _J()

    def _call(self, name: str, *arguments: Any, is_bare: bool = False) -> int:
        result = int(self._calls[name](*(() if is_bare else (self._journal,)), *arguments))
        if result < 0:
            raise OSError(-result, f"sd_journal_{name}: {os.strerror(-result)}")
        return result
