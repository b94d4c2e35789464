"""Names of fields that say what their value is: `{"phone": "5551234567"}`. Pure.

Some numbers count only behind a word. Where the name of a field is such a word, it is put before
the value while that is looked through.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from pillion_log_agent.filters.redact.numbers import WORDS_OF_IDS
from pillion_log_agent.filters.redact.phones import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

_BETWEEN = ":\x00"
LONGEST_NAME = 64


@lru_cache(maxsize=4096)
def _before(name: Any) -> str:
    """Return what is put before the values of a field; nothing for most."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return ""
    # phoneNumber, homePhone: a capital begins a word.
    spelt = "".join(f" {each}" if each.isupper() else each for each in name)
    text = spelt.lower().replace("_", " ").strip()
    for words, shown in ((WORDS, "phone"), (WORDS_OF_IDS, "national id")):
        if words.search(text) or words.search(name.lower()):
            return shown + _BETWEEN
    return ""


class Telling:
    """Takes texts, and gives others."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def take(self, name: Any, text: str) -> None:
        """Take the text of a field."""
        self._texts.append(_before(name) + text)

    def take_all(self, name: str, texts: list[str]) -> None:
        """Take the texts of a column."""
        before = _before(name)
        self._texts += [before + text for text in texts] if before else texts

    def giver(self, texts: list[str]) -> Callable[[Any, str], str]:
        """Return what gives the texts back, one after the other."""
        following = iter(texts)
        return lambda name, _: next(following).removeprefix(_before(name))

    def given_all(self, name: str, texts: list[str]) -> list[str]:
        """Return the texts of a column as they are to be put back."""
        before = _before(name)
        return list(map(str.removeprefix, texts, repeat(before))) if before else texts
