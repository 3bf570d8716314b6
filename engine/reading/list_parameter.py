"""Parameters that are lists of words or days: country codes, ids of banks, holidays. Part of `read_policy`.

    accepted_countries:
      type: list
      of: text                                    # enum, with `members`, or date
      values: {2026-01-01: [AT, DE], 2026-07-01: [AT, DE, SG]}

A list that is written without a type is one of text. An empty list is a list in which nothing is.
"""

from __future__ import annotations

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped
from engine.reading.document import Node, Scalar, Sequence
from engine.reading.fields import FieldReader
from engine.reading.policy import TypeName
from engine.vocabulary.vocabulary import Kind

LIST = "list"
"""The type of such a parameter, by the word that an author writes."""

OF = (Kind.TEXT.value, Kind.ENUM.value, Kind.DATE.value)
"""What its entries may be."""

ENTRIES_MAX = 1_000
"""Entries of one list: every country four times over. Queries and generated code write all of them out."""


def parameter_type(reader: FieldReader, fields: dict[str, Node]) -> tuple[bool, TypeName | None]:
    """Whether a parameter with these entries is a list, and the type that was declared for it, or for its entries."""
    type_ = fields.get("type")
    of = fields.get("of")
    if not isinstance(type_, Scalar) or type_.text != LIST:
        if of is not None:
            reader.mistake(of.place, ErrorCode.P024, "only a list is `of` something", "write `type: list`")
        return False, reader.bounded_type(fields, or_list=True)
    for bound in ("minimum", "maximum"):
        if bound in fields:
            reader.mistake(fields[bound].place, ErrorCode.P033, f"a list has no {bound}", f"leave `{bound}` out")
    if of is None:
        of = Scalar(place=type_.place, value=Kind.TEXT.value, text=Kind.TEXT.value, quoted=False)
        of = Scalar(place=type_.place, value=OF[1], text=OF[1], quoted=False) if "members" in fields else of
    word = reader.choice(of, "what a list can hold", OF)
    entries = {"type": of, **({"members": fields["members"]} if "members" in fields else {})}
    return True, reader.type_name(entries) if word else None


def list_entries(reader: FieldReader, node: Node, what: str, type_: TypeName | None) -> tuple[str, ...] | None:
    """The words of one list, in the author's order; None, with a mistake, where it is none or too long."""
    if not isinstance(node, Sequence):
        reader.wrong_kind(node, what, "a list", "write `[one, two]`, or one entry a line with `- ` before it")
        return None
    if len(node.items) > ENTRIES_MAX:
        message = f"{what} has {len(node.items):,} entries, more than {ENTRIES_MAX:,}"
        reader.mistake(node.place, ErrorCode.P024, message, "make it a fact: whoever asks says whether one is listed")
        return None
    entries: dict[str, None] = {}
    for item in node.items:
        word = reader.word(item, "an entry")
        if word is None or not reader.literal_fits(item, word, type_):
            continue
        if word in entries:
            reader.mistake(item.place, ErrorCode.P024, f"`{clipped(word)}` is listed twice", "delete one of the two")
        entries[word] = None
    return tuple(entries)
