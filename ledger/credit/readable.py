"""Texts of a command that anybody can read: a number with a character that nobody sees would be another customer's.

Numbers, names and what policies are told of are texts as facts hold them: a later decision on the customer would fail
by one that a policy can't read. What is only kept, such as a reason, may have several lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, cast, get_type_hints

from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.invisible import holds_control, holds_unseen
from engine.vocabulary.plain_text import BLANK_AROUND, UNSEEN_HINT, has_blank_around, text_fault

NUMBERS = frozenset(
    (
        "account", "channel", "code", "collector", "copied_from", "credit_note", "delivery", "deposit", "document",
        "fact", "group", "interest_of", "invoice", "issuer", "item", "name", "order", "outcome", "payment", "person",
        "reference", "security", "step", "write_off",
    )
)  # fmt: skip
"""What commands call numbers of things, names, and texts that policies are told."""

NOTES = frozenset(("granted_by", "reason", "source", "text"))
"""What commands call texts that are kept for readers."""

SENT_AS = "sent_as"
"""In a field's metadata: what callers call it, where that isn't its own name."""

_LINE_ENDS = str.maketrans("", "", "\t\n\r")


def number_fault(text: str) -> tuple[str, str] | None:
    """What is wrong with a number or a name, and what to do about it."""
    return text_fault(text) or (BLANK_AROUND if has_blank_around(text) else None)


def note_fault(text: str) -> tuple[str, str] | None:
    """The same of a text that is only kept: of any length, and with line ends."""
    if holds_control(text.translate(_LINE_ENDS)):
        return "holds control characters", "leave them out; line ends and tabs may stay"
    return ("holds invisible characters", UNSEEN_HINT) if holds_unseen(text) else None


def require_readable(command: Any) -> None:
    """Raises `FactsRefused` with a fault for each text of the command that can't be read."""
    texts = _texts_of(type(command))  # type: ignore[arg-type]  # a dataclass
    faults = [
        Fault(path, *wrong)
        for read, path, fault_of in texts
        if isinstance(text := read(command), str) and (wrong := fault_of(text))
    ]
    if faults:
        raise FactsRefused(faults)


@cache
def _texts_of(kind: type[Any]) -> list[tuple[Callable[[Any], object], str, Callable[[str], tuple[str, str] | None]]]:
    """What reads each text, what callers call it, and what finds its fault: also those of a command within it."""
    readers = dict.fromkeys(NUMBERS, number_fault) | dict.fromkeys(NOTES, note_fault)
    return [(attrgetter(place), called, readers[name]) for place, name, called in _places_of(kind) if name in readers]


def _places_of(kind: type[Any], within: str = "") -> Iterator[tuple[str, str, str]]:
    """Of each field its place, its name and what callers call it."""
    types = get_type_hints(kind)
    for each in fields(kind):
        yield within + each.name, each.name, each.metadata.get(SENT_AS, each.name)
        if is_dataclass(held := types[each.name]):
            yield from _places_of(cast("type[Any]", held), f"{within}{each.name}.")
