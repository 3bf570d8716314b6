"""Which name an author probably meant. Part of `expressions`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.diagnostics.nearest import gives_hints, nearest
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.policy import LISTS
from engine.vocabulary.vocabulary import Type

_INSTEAD = {
    **dict.fromkeys(("yes", "ja", "oui", "sí", "是", "true"), "true"),
    **dict.fromkeys(("no", "nein", "non", "否", "false"), "false"),
    **dict.fromkeys(("now", "today", "heute", "jetzt", "今天", "current_date", "sysdate"), "as_of"),
    **dict.fromkeys(("nil", "none", "empty", "blank", "missing", "undefined", "空", "leer"), "null"),
}
"""What other languages call what FEEL has as a word of its own, in small letters."""


def suggestion(name: str, known: Callable[[], Iterable[str]], expected: Type | None, *, is_cell: bool = False) -> str:
    """The hint for a name that there is not. `known` gives all names that there are, which takes a while to list;
    `expected` is the enum whose words may stand there. `is_cell`: quotes around a cell are YAML's, so that a word needs
    quotes of its own within them."""
    if gives_hints() and expected is not None and expected.members:
        close = nearest(name, (*expected.members, *known()))
        return f"did you mean `{close}`?" if close else did_you_mean(name, expected.members)
    if instead := _INSTEAD.get(name.lower()):
        return f"write `{instead}`"
    if hint := nearest_name(name, known):
        return hint
    if name.startswith(f"{LISTS}."):
        return f"put its file into the rules folder, as `{clipped(name).replace('.', '/', 1)}.csv` or `.yaml`"
    if "." in name:
        return ""
    word = f'"{clipped(name)}"'
    quoted = f"put quotes within the quotes, '{word}'," if is_cell else f"write {word}"
    return f"{quoted} if it is a word, or name a fact such as `order.amount`"


def nearest_name(name: str, known: Callable[[], Iterable[str]]) -> str:
    """The known name that was probably meant: one spelled alike, or one of a policy or a group of facts."""
    if not gives_hints():
        return ""
    names = tuple(known())
    close = nearest(name, names)
    if close is None:  # the same with or without its policy or group
        by_last_part = {full.rpartition(".")[2]: full for full in reversed(names)}
        part = nearest(name.rpartition(".")[2], by_last_part)
        close = None if part is None else by_last_part[part]
    return f"did you mean `{close}`?" if close else ""
