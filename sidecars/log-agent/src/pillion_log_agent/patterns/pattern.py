"""A pattern, and what runs it: decided once, when it is loaded.

Proven linear, `re` runs it. Else a form of it that captures the same may be; else RE2 runs it;
else a process with a time limit. See `proof` for what is proven, `rewrite` for the forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pillion_log_agent.patterns.engines import BoundedEngine, GivenUp, Re2Engine
from pillion_log_agent.patterns.lazy import quickened
from pillion_log_agent.patterns.ordinary import ordinary_form
from pillion_log_agent.patterns.program import Program, Take, UnprovableError, program_of
from pillion_log_agent.patterns.proof import prove_linear
from pillion_log_agent.patterns.rewrite import forms_of
from pillion_log_agent.patterns.tree import compile_tree, parse, starts_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pillion_log_agent.patterns.engines import Groups

    Found = re.Match[str] | Groups
    Search = Callable[[str], Found | None]

Texts = Literal["all", "lines", "printable"]
"""Which texts `re` may be given: all; those without a newline; those that `str.isprintable`."""
_MAY_HAVE: dict[Texts, Callable[[str], bool]] = {
    "all": lambda _: True,
    "lines": lambda character: character != "\n",
    "printable": str.isprintable,
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was translated.

    Attributes:
        source: as it was written.
        search: looks for it; what is found has `[0]`, the whole, and `[number]`, each group.
        fields: by group number, the name that the group had, whatever Python thinks of it.
        linear: what `re` may be asked, for the texts of `linear_for`; None where nothing is
            proven. It may match from an earlier place than the pattern; its groups are the same.
        linear_for: which texts those are.
        engine: what runs it where it is not linear: `re`, `RE2` or `a process`.
        why: why it is not proven for every line; empty where it is.
        ordinary: where `linear` is None, what `re` may be asked first, of one line: a match has
            the same groups, and no match says nothing.
        given_up: lines that took too long.
    """

    source: str
    search: Search
    fields: tuple[tuple[int, str], ...]
    linear: re.Pattern[str] | None = None
    linear_for: Texts = "all"
    engine: Literal["re", "RE2", "a process"] = "re"
    why: str = ""
    ordinary: re.Pattern[str] | None = None
    given_up: GivenUp = field(default_factory=GivenUp, compare=False)

    def captured(self, text: str) -> dict[str, str] | None:
        """Return what the named groups caught, None where the pattern does not match.

        A group that took no part is left out, as is one that caught nothing.
        """
        found = self.search(text)
        if found is None:
            return None
        return {name: value for number, name in self.fields if (value := found[number])}


def make_pattern(source: str, translated: str, flags: int, names: Mapping[str, str]) -> Pattern:
    """Return the pattern of a text that Python can read.

    Args:
        source: as it was written.
        translated: in Python's syntax.
        flags: of `re`.
        names: what Python's names of groups stand for.

    Raises:
        re.error: it is no pattern.
    """
    tree = parse(translated, flags)
    fields = _fields(tree, names)
    form = _best_form(tree, captures=bool(fields))
    return _pattern(source, translated, tree, form, fields)


def make_proven(source: str, translated: str, flags: int, names: Mapping[str, str]) -> Pattern:
    """Return the same of a pattern that is known to be linear on lines: it is not proven again."""
    tree = parse(translated, flags)
    form = _Form(compile_tree(tree), "lines", starts_lines(list(tree)))
    return _pattern(source, translated, tree, form, _fields(tree, names))


def _fields(tree: Any, names: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    groups = tree.state.groupdict.items()
    return tuple(sorted((number, names.get(name, name)) for name, number in groups))


def _pattern(
    source: str, translated: str, tree: Any, form: _Form, fields: tuple[tuple[int, str], ...]
) -> Pattern:
    """Return the pattern with what runs it."""
    if form.compiled is not None and form.texts == "all":
        return Pattern(source, _at_start(form, form.compiled.search), fields, form.compiled)
    compile_tree(tree)
    given_up = GivenUp()
    bounded = BoundedEngine(translated, int(tree.state.flags), given_up)
    engine, slow = _slow_engine(tree, bounded, captures=bool(fields), is_used=not form.compiled)
    if form.compiled is None:
        plain = _ordinary(translated, tree.state.flags)
        search = _ordinary_first(plain, slow) if plain else slow
        return Pattern(source, search, fields, None, "all", engine, form.why, plain, given_up)
    fast = _at_start(form, slow) if form.texts == "lines" else _if_printable(form.compiled, slow)
    return Pattern(
        source, fast, fields, form.compiled, form.texts, engine, form.why, given_up=given_up
    )


def _ordinary(translated: str, flags: int) -> re.Pattern[str] | None:
    written = ordinary_form(translated, flags)
    if written is None:
        return None
    form = _proven(parse(written, flags))
    return form.compiled if form.texts != "printable" else None


def _ordinary_first(ordinary: re.Pattern[str], otherwise: Search) -> Search:
    match = ordinary.match
    return lambda text: ("\n" not in text and match(text)) or otherwise(text)


def _slow_engine(
    tree: Any, bounded: BoundedEngine, *, captures: bool, is_used: bool
) -> tuple[Literal["RE2", "a process"], Search]:
    """Return what looks through the texts that `re` may not.

    Args:
        tree: of the pattern.
        bounded: what takes every pattern.
        captures: whether what the groups take is asked for.
        is_used: for every text, not only for rare ones.
    """
    try:
        engine = Re2Engine(tree, bounded.search, captures=captures)
        if is_used:
            engine.compile()
    except ValueError:
        return "a process", bounded.search
    return "RE2", engine.search


@dataclass(frozen=True, slots=True)
class _Form:
    """What of a pattern is proven: for which texts, and why not for all."""

    compiled: re.Pattern[str] | None
    texts: Texts = "all"
    is_at_start: bool = False
    why: str = ""


def _best_form(tree: Any, *, captures: bool) -> _Form:
    """Return the form of a pattern that is proven for the most texts."""
    first = _proven(tree)
    if first.texts == "all" and first.compiled is not None:
        return first
    found = [first, *map(_proven, forms_of(tree, captures=captures))]
    return min(found, key=_rank)


def _rank(form: _Form) -> int:
    return len(_MAY_HAVE) if form.compiled is None else list(_MAY_HAVE).index(form.texts)


def _proven(tree: Any) -> _Form:
    """Return what is proven of one form: of lines first, as most patterns go no farther."""
    try:
        program = program_of(tree)
        texts: Texts = "lines"
        why = _reason(program, "lines")
        if why:
            texts, shorter = "printable", _reason(program, "printable")
            if shorter:
                return _Form(None, why=shorter)
        elif not _goes_over_lines(program) or not (why := _reason(program, "all")):
            texts = "all"
    except UnprovableError as error:
        return _Form(None, why=str(error))
    minds_case = not tree.state.flags & re.IGNORECASE
    compiled = compile_tree(quickened(tree) if minds_case else tree)
    return _Form(compiled, texts, starts_lines(list(tree)), why)


def _reason(program: Program, texts: Texts) -> str:
    """Return why a pattern is not linear for such texts; nothing when it is."""
    try:
        prove_linear(program, _MAY_HAVE[texts])
    except UnprovableError as error:
        return str(error)
    return ""


def _goes_over_lines(program: Program) -> bool:
    """Whether a match may go over the end of a line; if not, lines are all that there is."""
    newline = program.alphabet.newline
    return any(isinstance(step, Take) and step.classes & newline for step in program.steps)


def _at_start(form: _Form, otherwise: Search) -> Search:
    """Return a search for one line; what can be at its start only is not looked for behind it."""
    assert form.compiled is not None
    if not form.is_at_start and form.texts == "all":
        return form.compiled.search
    once = form.compiled.match if form.is_at_start else form.compiled.search
    return lambda text: once(text) if "\n" not in text else otherwise(text)


def _if_printable(compiled: re.Pattern[str], otherwise: Search) -> Search:
    search = compiled.search
    return lambda text: search(text) if text.isprintable() else otherwise(text)
