"""A fact's value as an author writes it in YAML, turned into what a request would carry, and tried on the fact.

YAML's plain numbers are kinder to write than a request's decimal text; binding stays the one gate that judges values.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped
from engine.reading.document import Node, Scalar, Sequence
from engine.reading.fields import FieldReader
from engine.vocabulary.binding import Binder, FactsRefused, Fault, JsonRecords, JsonScalar, Value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.decimals import JsonDecimal
from engine.vocabulary.vocabulary import Fact, Kind

_WHOLE = frozenset({Kind.INTEGER, Kind.DAYS, Kind.MONTHS})
_DIGITS_MAX = 40  # more than any fact can hold


def request_value(scalar: Scalar, kind: Kind) -> JsonScalar:
    """What stands in a request for this scalar: plain numbers become integers for counts, days and months, and text for
    amounts, rates and words that a fact lists. An id is text, so a number is none."""
    value = scalar.value
    if not isinstance(value, Decimal):
        return value
    if kind.is_text:
        return JsonDecimal(scalar.text)
    if kind in _WHOLE and len(scalar.text) <= _DIGITS_MAX and value == value.to_integral_value():
        return int(value)
    return scalar.text


def read_value(
    reader: FieldReader, fact: Fact, node: Node, code: ErrorCode, what: str
) -> tuple[JsonScalar | JsonRecords, Value] | None:
    """What a fact's node means: the value as a request would carry it, and as the engine holds it once bound.

    None, with a mistake under `code`, if the fact refuses it: not a number, too many decimals, out of range. `what`
    names the part for the message. The words are those of binding, turned from a request to a file (`send` becomes
    `write`).
    """
    if fact.type.kind is Kind.LIST:
        return _read_records(reader, fact, node, code, what)
    if not isinstance(node, Scalar):
        reader.wrong_kind(node, what, "one value")
        return None
    raw = request_value(node, fact.type.kind)
    try:
        return raw, bound(fact, raw)
    except FactsRefused as refused:
        fault = refused.faults[0]
        written = f"`{clipped(node.text)}` " if node.text else "nothing "
        reader.mistake(node.place, code, f"{what}: {written}{fault.message}", hint_for_files(fault))
        return None


def hint_for_files(fault: Fault) -> str:
    """The hint of a fault in words for the author of a file, who writes what a caller sends."""
    return re.sub(r"\bsend\b", "write", fault.hint).replace("before sending", "").strip()


def _read_records(
    reader: FieldReader, fact: Fact, node: Node, code: ErrorCode, what: str
) -> tuple[JsonRecords, Value] | None:
    """As `read_value`, of a list: each record a mapping. Every mistake stands at the record, or the value, that has
    it."""
    if not isinstance(node, Sequence):
        reader.wrong_kind(node, what, "a list of records", "write `[{…}, {…}]`, or `[]` where there are none")
        return None
    before = len(reader.diagnostics)
    kinds = {field.name: field.type.kind for field in fact.type.fields}
    raw: JsonRecords = []
    places = {fact.name: node.place}
    for number, item in enumerate(node.items, 1):
        record: dict[str, JsonScalar] = {}
        places[f"{fact.name}[{number}]"] = item.place
        for key, content in reader.entries(item, f"record {number} of {what}", least=0):
            places[f"{fact.name}[{number}].{key.text}"] = content.place
            if isinstance(content, Scalar):
                record[key.text] = request_value(content, kinds.get(key.text, Kind.TEXT))
            else:
                reader.wrong_kind(content, f"`{clipped(key.text)}` in {what}", "one value")
        raw.append(record)
    if len(reader.diagnostics) > before:
        return None
    try:
        return raw, bound(fact, raw)
    except FactsRefused as refused:
        for fault in refused.faults:
            at = fault.path.removeprefix(fact.name) or "the list"
            place = places.get(fault.path) or places[fault.path.rpartition(".")[0]]
            reader.mistake(place, code, f"{what}: {at} {fault.message}", hint_for_files(fault))
        return None


def bound(fact: Fact, raw: JsonScalar | JsonRecords) -> Value:
    """The value as the engine holds it (an amount in minor units, a date as a day number). Raises `FactsRefused`."""
    case = next((kind.name for kind in CASE_KINDS.values() if fact.group in kind.groups), None)
    if case is None:  # its name is a mistake that is reported elsewhere; its values can be judged all the same
        return bound(replace(fact, name=f"{next(iter(CASE_KINDS))}.x"), raw)
    name = fact.name.partition(".")[2]
    return Binder(case, (fact,)).bind({fact.group: {name: raw}})[0]
