"""Words of a table's row that are made of its numbers: `"net {net_days}"` in a row with `net_days: 45` is `net 45`.

Part of `read_table`. A text beside the number that it repeats goes wrong when only one of the two is changed; made of
the number it can't. What comes out is a word like any other: an enum's members must have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Entries
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Mapping, Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.policy import OutputDefinition
from engine.vocabulary.vocabulary import Kind
from engine.vocabulary.written_numbers import plain

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def is_filled(node: Node) -> bool:
    """Whether an output is a word with braces, and no formula."""
    text = node.text.lstrip() if isinstance(node, Scalar) and isinstance(node.value, str) else ""
    return not text.startswith("=") and ("{" in text or "}" in text)


def filled(reader: FieldReader, scalar: Scalar, row: Mapping, declared: Entries[str, OutputDefinition]) -> str | None:
    """The word with the row's own outputs in the place of its braces; None after a mistake. A rate is written in
    percent: 0.02 is 2. Doubled braces stand for the braces themselves."""
    given = {key.text: value for key, value in row.entries if value is not scalar}
    parts: list[str] = []
    at = 0
    for match in _PIECE.finditer(scalar.text):
        parts.append(scalar.text[at : match.start()])
        at = match.end()
        part = match[0][0] if match[0] in ("{{", "}}") else _part(reader, scalar, match, given, declared)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts) + scalar.text[at:]


def _part(
    reader: FieldReader,
    scalar: Scalar,
    match: re.Match[str],
    given: Entries[str, Node],
    declared: Entries[str, OutputDefinition],
) -> str | None:
    place = scalar.place_at(match.start())
    if match[1] is None:
        reader.mistake(
            place, ErrorCode.P011, f"`{match[0]}` stands alone", "write `{{` and `}}` for the braces themselves"
        )
        return None
    name = match[1].strip()
    node = given.get(name)
    if node is None:
        hint = did_you_mean(name, given) or "name another output of the row"
        reader.mistake(place, ErrorCode.P025, f"`{clipped(name)}` is not an output of this row", hint)
        return None
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, Decimal | str) or (isinstance(value, str) and _is_open(value)):
        message = f"`{name}` is neither a number nor a word in this row"
        reader.mistake(place, ErrorCode.P025, message, "a formula is not known before a case is")
        return None
    if isinstance(value, str):
        return value
    type_ = declared[name].type if name in declared else None
    return plain(value * 100 if type_ and type_.word == Kind.RATE else value)


def _is_open(word: str) -> bool:
    """A formula, or a word that is itself made of others."""
    return word.lstrip().startswith("=") or "{" in word
