"""Facts files' nodes → the `Vocabulary`, or every mistake in them.

The standard facts ship with the engine (engine/vocabulary/facts.yaml). A site's rules/facts.yaml adds its own, in the
same reader, and names the currency of all amounts, the languages of its texts, the time zone of its days, and actions
of its own:

    currency: EUR
    languages: [en, zh]
    site: {timezone: Europe/Berlin}
    policies: [grading, orders]
    facts:
      account.region:
        type: enum
        members: [north, south]
        title: {en: Sales region, zh: 大区}
    actions:
      call_broker: {en: call the broker, zh: 联系保险经纪}

A fact with a mistake is left out, so that the policies that name it are checked as well: they say that they don't know
it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import cast

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Document, Mapping, Node, Scalar
from engine.reading.fact_value import read_value
from engine.reading.fields import FACT_GROUPS, NAME, NAME_LENGTH_MAX, RESERVED, FieldReader, TextLanguages
from engine.reading.policy import TypeName
from engine.reading.site_texts import SiteTitles, read_languages
from engine.vocabulary.actions import STANDARD_ACTIONS
from engine.vocabulary.binding import JsonRecords, JsonScalar, json_value
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.days import UTC_NAME, day_number, timezones
from engine.vocabulary.decimals import RATE_SCALE
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import (
    RATE_DAYS_MAX,
    RATE_DAYS_USUAL,
    RECORDS_MAX,
    RECORDS_USUAL,
    TOTAL_MAX,
    Fact,
    Future,
    Kind,
    ListField,
    Type,
    Vocabulary,
)

CURRENCY_ASSUMED = "EUR"
"""If none can be read: for finding the other mistakes, and for sets stored when it was the default."""

_STANDARD_KEYS = ("facts",)
_FILE_KEYS = ("currency", "languages", "site", "policies", "facts", "actions", "titles")
_SITE_KEYS = ("timezone", "rate_days")
SITE_KEYS_REQUIRED = ("currency", "policies")
"""Keys that every site's facts.yaml must have."""

_FLAGS = ("confidential", "personal")
_FACT_KEYS = (
    *("type", "members", "title", "note", "required", "minimum", "maximum", "total", "future"),
    *(*_FLAGS, "example"),
)
_STANDARD_FACT_KEYS = ("extensible",)
_BOUNDS = ("minimum", "maximum")
_LIST_KEYS = ("type", "of", "at_most", "title", "note", "required", *_FLAGS, "example")
_RECORD_KEYS = ("type", "members", "required", "title", "future", *_BOUNDS)
_RECORD_NAME = "item"
"""What a filter calls the whole record, so that no value of it can have this name."""

_CENTS = 2  # decimals of amounts in the standard facts
_EXAMPLE_DAY = date(2026, 7, 1)
_EXAMPLES = {  # in hundredths
    Kind.MONEY: 1250_00,
    Kind.RATE: 5,
    Kind.NUMBER: 1_35,
    Kind.INTEGER: 3_00,
    Kind.DAYS: 30_00,
    Kind.MONTHS: 12_00,
}
_BOUNDED = frozenset(Kind) - {Kind.ENUM, Kind.TEXT, Kind.PERSON, Kind.YES_NO, Kind.LIST}


def read_vocabulary(
    standard: Document,
    site: Document | None,
    *,
    required: Collection[str] = SITE_KEYS_REQUIRED,
    others: dict[str, list[Place]] | None = None,
) -> tuple[Vocabulary, tuple[Diagnostic, ...]]:
    """The facts of the engine (`standard`) and of a site, and the mistakes in both files, sorted by place. Never
    raises. `others` collects the places of texts in languages that the site doesn't list.

    The vocabulary lacks the facts that have mistakes. `required` names the keys that the site's file must have; sets
    that were stored before there were any pass none. The list of policies is read by `policy_list`.
    """
    own = FieldReader()
    currency = _currency(own, site)
    vocabulary = Vocabulary(currency=currency, currency_digits=MINOR_UNITS[currency])
    fields = own.fields(standard.root, "the standard facts", _STANDARD_KEYS) or {}
    facts = _facts(own, fields, vocabulary, {})
    actions = dict(vocabulary.actions)
    languages = read_languages(own, site.root.get("languages") if site else None)
    reader = FieldReader(languages=TextLanguages(languages, {} if others is None else others))
    if site:
        fields = reader.fields(site.root, "a facts file", _FILE_KEYS, required) or {}
        facts |= _facts(reader, fields, vocabulary, facts)
        actions |= _actions(reader, fields["actions"]) if "actions" in fields else {}
    node = site.root.get("site") if site else None
    about = (reader.fields(node, "`site`", _SITE_KEYS) if node else None) or {}
    titles = SiteTitles(reader, fields.get("titles") if site else None, facts, actions)
    vocabulary = replace(
        vocabulary,
        facts={name: titles.fact(fact, languages) for name, fact in facts.items()},
        actions=titles.actions(actions, languages),
        timezone=_timezone(reader, about.get("timezone")),
        rate_days=_rate_days(reader, about.get("rate_days")),
        languages=languages,
        outcome_titles=titles.outcomes(languages),
        words=titles.words(languages),
    )
    return vocabulary, in_order([*own.diagnostics, *reader.diagnostics])


def _currency(reader: FieldReader, site: Document | None) -> str:
    node = site.root.get("currency") if site else None
    if node is None:
        return CURRENCY_ASSUMED
    if isinstance(node, Scalar) and node.text in MINOR_UNITS:
        return node.text
    message, hint = not_a_currency(node.text if isinstance(node, Scalar) else "")
    reader.mistake(node.place, ErrorCode.P030, message, hint)
    return CURRENCY_ASSUMED


def _timezone(reader: FieldReader, zone: Node | None) -> str:
    """The zone that `site: {timezone: …}` names. UTC where it names none, and after a mistake, to find the others."""
    if zone is None:
        return UTC_NAME
    if isinstance(zone, Scalar) and zone.text in timezones():
        return zone.text
    quoted = f"`{clipped(zone.text)}`" if isinstance(zone, Scalar) else "this"
    close = nearest(zone.text, timezones()) if isinstance(zone, Scalar) else None
    hint = f"did you mean `{close}`?" if close else "write its name in the IANA database, such as `Europe/Berlin`"
    if timezones() == {UTC_NAME}:
        hint = "this machine knows none but UTC; install its package tzdata"
    reader.mistake(zone.place, ErrorCode.P038, f"{quoted} is not a time zone", hint)
    return UTC_NAME


def _rate_days(reader: FieldReader, node: Node | None) -> int:
    """The days that `site: {rate_days: …}` allows."""
    if node is None:
        return RATE_DAYS_USUAL
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, Decimal) and value == value.to_integral_value() and 0 <= value <= RATE_DAYS_MAX:
        return int(value)
    message = "`rate_days` is no number of days that a rate may be old"
    reader.mistake(node.place, ErrorCode.P047, message, f"write a whole number from 0 to {RATE_DAYS_MAX}")
    return RATE_DAYS_USUAL


def _facts(
    reader: FieldReader, fields: dict[str, Node], vocabulary: Vocabulary, standard: dict[str, Fact]
) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for key, content in reader.entries(fields["facts"], "`facts`", least=0) if "facts" in fields else ():
        if key.text in standard:
            if extended := _extended(reader, key, content, standard[key.text]):
                facts[key.text] = extended
            continue
        named = _is_fact_name(reader, key)
        fact = _fact(reader, vocabulary, key, content, is_standard=not standard)
        if named and fact:
            facts[fact.name] = fact
    return facts


def _extended(reader: FieldReader, key: Scalar, node: Node, fact: Fact) -> Fact | None:
    """A standard enum with the words that a site adds: `account.customer_class: {members: {dealer: {en: …, zh: …}}}`.
    None, with a mistake, for whatever else a site writes for a standard fact."""
    keys = [each.text for each, _ in node.entries] if isinstance(node, Mapping) else []
    members = node.get("members") if isinstance(node, Mapping) else None
    if not fact.extensible or members is None or keys != ["members"]:
        message, hint = (
            f"`{fact.name}` is a standard fact, declared at {fact.place}",
            "leave it out, or choose another name",
        )
        if fact.extensible:
            hint = "to add words to it, write `members:` alone"
        elif keys == ["members"] and fact.type.members:
            message = f"`{fact.name}` is a standard fact whose words are fixed"
        reader.mistake(key.place, ErrorCode.P032, message, hint)
        return None
    declared = reader.type_name({"members": members})
    added = declared.members if declared else ()
    for word in sorted({*added} & {*fact.type.members}):
        message = f"`{clipped(word)}` is a word of `{fact.name}` already"
        reader.mistake(members.place, ErrorCode.P018, message, "leave it out")
        return None
    if declared is None:
        return None
    type_ = fact.type
    return replace(
        fact, type=replace(type_, members=(*type_.members, *added), titles=(*type_.titles, *declared.titles))
    )


def _is_fact_name(reader: FieldReader, key: Scalar) -> bool:
    group, dot, name = key.text.partition(".")
    rule = "a fact is named `group.name`, with small letters, digits and `_`"
    if not dot or not NAME.fullmatch(name) or len(key.text) > NAME_LENGTH_MAX:
        reader.mistake(key.place, ErrorCode.P031, f"`{clipped(key.text)}` is not a fact's name", rule)
    elif group not in FACT_GROUPS:
        message = f"`{clipped(group)}` is not a group of facts"
        reader.mistake(key.place, ErrorCode.P031, message, did_you_mean(group, FACT_GROUPS))
    elif name in RESERVED:
        reader.mistake(
            key.place, ErrorCode.P005, f"`{name}` is {RESERVED[name]}, not a free name", "choose another name"
        )
    else:
        return True
    return False


def _fact(reader: FieldReader, vocabulary: Vocabulary, key: Scalar, node: Node, *, is_standard: bool) -> Fact | None:
    before = len(reader.diagnostics)
    what = f"the fact `{clipped(key.text)}`"
    is_list = _is_list(node.get("type")) if isinstance(node, Mapping) else False
    keys = _LIST_KEYS if is_list else (*_FACT_KEYS, *_STANDARD_FACT_KEYS) if is_standard else _FACT_KEYS
    fields = reader.fields(node, what, keys, ("type", "title"), key.place)
    if fields is None:
        return None
    type_ = _list_type(reader, vocabulary, fields, key) if is_list else None
    if not is_list:
        type_ = _scalar_type(reader, vocabulary, fields, key, or_list=True)
    title = reader.text(fields.get("title"), f"the title of {what}")
    note = reader.text(fields.get("note"), f"the note of {what}")
    required = _says_yes(reader, fields, "required", what)
    if type_ is not None and "future" in fields:
        type_ = _of_the_past(reader, fields["future"], type_)
    if type_ is None or title is None or len(reader.diagnostics) > before:
        return None
    fact = Fact(
        name=key.text,
        type=type_,
        title=title,
        note=note,
        required=required,
        example=example_of(type_),
        place=key.place,
        extensible=_says_yes(reader, fields, "extensible", what),
        confidential=_says_yes(reader, fields, "confidential", what),
        personal=_says_yes(reader, fields, "personal", what),
    )
    return _with_example(reader, fact, fields["example"]) if "example" in fields else fact


def _scalar_type(
    reader: FieldReader, vocabulary: Vocabulary, fields: dict[str, Node], key: Scalar, *, or_list: bool = False
) -> Type | None:
    declared = reader.type_name(fields, or_list=or_list)
    return _bounded(reader, vocabulary, declared, fields, key) if declared else None


def _says_yes(reader: FieldReader, fields: dict[str, Node], key: str, what: str) -> bool:
    return key in fields and bool(reader.yes_or_no(fields[key], f"`{key}` of {what}"))


def _of_the_past(reader: FieldReader, node: Node, type_: Type) -> Type | None:
    """The type of a date, with what becomes of a day after the day of the decision."""
    if type_.kind is not Kind.DATE:
        message = f"`{type_.kind}` has no future, a date has"
        reader.mistake(node.place, ErrorCode.P033, message, "leave `future` out")
        return None
    word = reader.choice(node, "what `future` can be", tuple(Future))
    return replace(type_, future=Future(word)) if word else None


# --- actions ---------------------------------------------------------------------------------------------------------


def _actions(reader: FieldReader, node: Node) -> dict[str, Text]:
    """What a site's rules may ask people to do beyond the standard actions: titles by word."""
    actions: dict[str, Text] = {}
    for key, content in reader.entries(node, "`actions`"):
        if key.text in STANDARD_ACTIONS:
            hint = "leave it out, or choose another word"
            reader.mistake(key.place, ErrorCode.P039, f"`{key.text}` is a standard action", hint)
            continue
        word = reader.name(key, "an action")
        title = reader.text(content, f"the action `{clipped(key.text)}`")
        if word and title:
            actions[word] = title
    return actions


# --- bounds ----------------------------------------------------------------------------------------------------------


def _bounded(
    reader: FieldReader, vocabulary: Vocabulary, declared: TypeName, fields: dict[str, Node], key: Scalar
) -> Type | None:
    """The declared type, as narrow as `minimum` and `maximum` make it."""
    kind = Kind(declared.word)
    type_ = vocabulary.type_named(kind, declared.members, declared.titles)
    widest = vocabulary.widest(kind)
    if "total" in fields and _is_total(reader, fields["total"], kind, key):
        type_ = widest = replace(widest, low=-TOTAL_MAX, high=TOTAL_MAX)
    low, high = (_bound(reader, fields[word], widest, word, key) if word in fields else None for word in _BOUNDS)
    low, high = type_.low if low is None else low, type_.high if high is None else high
    if low > high:
        message = f"the maximum of `{clipped(key.text)}` is below its minimum"
        both = all(word in fields for word in _BOUNDS)
        place = next(fields[word].place for word in reversed(_BOUNDS) if word in fields)
        reader.mistake(place, ErrorCode.P033, message, "swap the two" if both else "write both `minimum` and `maximum`")
        return None
    return replace(type_, low=low, high=high)


def _is_total(reader: FieldReader, node: Node, kind: Kind, key: Scalar) -> bool:
    """Whether the fact adds up amounts of many customers, and may be larger than one amount."""
    if kind is not Kind.MONEY:
        reader.mistake(node.place, ErrorCode.P033, f"`{kind}` is no total, money is", "leave `total` out")
        return False
    return bool(reader.yes_or_no(node, f"`total` of `{clipped(key.text)}`"))


def _bound(reader: FieldReader, node: Node, type_: Type, word: str, key: Scalar) -> int | None:
    """A minimum or maximum at the scale of its type, as binding would read it: 5.5 of money with cents is 550."""
    what = f"the {word} of `{clipped(key.text)}`"
    if type_.kind not in _BOUNDED:
        reader.mistake(node.place, ErrorCode.P033, f"`{type_.kind}` has no {word}", f"leave `{word}` out")
        return None
    read = read_value(
        reader,
        Fact(
            name=f"{FACT_GROUPS[0]}.x",
            type=type_,
            title=Text("", ""),
            note=None,
            required=True,
            example=None,
            place=key.place,
        ),
        node,
        ErrorCode.P033,
        what,
    )
    value = read[1] if read else None
    return value if isinstance(value, int) else None


# --- lists -----------------------------------------------------------------------------------------------------------


def _is_list(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.text == Kind.LIST


def _list_type(reader: FieldReader, vocabulary: Vocabulary, fields: dict[str, Node], key: Scalar) -> Type | None:
    """The type of a fact with `type: list`: its records under `of`, and how many there may be under `at_most`."""
    what = f"the list `{clipped(key.text)}`"
    if "of" not in fields:
        hint = "write `of: {amount: money, due: date}`"
        reader.mistake(fields["type"].place, ErrorCode.P037, f"{what} doesn't say what its records hold", hint)
        return None
    records = tuple(
        field
        for name, content in reader.entries(fields["of"], f"`of` of {what}")
        if (field := _list_field(reader, vocabulary, name, content))
    )
    at_most = _at_most(reader, fields["at_most"], what) if "at_most" in fields else RECORDS_USUAL
    return replace(vocabulary.type_named(Kind.LIST), high=at_most, fields=records)


def _list_field(reader: FieldReader, vocabulary: Vocabulary, key: Scalar, node: Node) -> ListField | None:
    """One entry under `of`: `amount: money`, or `grade: {type: enum, members: [A, B], required: true}`."""
    what = f"the value `{clipped(key.text)}` of a record"
    name = reader.name(key, "a value's name")
    if name == _RECORD_NAME:
        reader.mistake(key.place, ErrorCode.P005, "`item` is the record itself in a filter", "choose another name")
        return None
    fields: dict[str, Node] | None = {"type": node}
    if not isinstance(node, Scalar):
        fields = reader.fields(node, what, _RECORD_KEYS, ("type",))
    if fields is None:
        return None
    type_ = _scalar_type(reader, vocabulary, fields, key)
    required = _says_yes(reader, fields, "required", what)
    title = reader.text(fields.get("title"), f"the title of {what}")
    if type_ is not None and "future" in fields:
        type_ = _of_the_past(reader, fields["future"], type_)
    if required and type_ is not None and type_.future is Future.UNKNOWN:
        message = f"{what} is required, and could count as missing"
        reader.mistake(fields["future"].place, ErrorCode.P033, message, "write `future: refused`")
        return None
    return ListField(name=name, type=type_, required=required, title=title) if name and type_ else None


def _at_most(reader: FieldReader, node: Node, what: str) -> int:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, Decimal) and value == value.to_integral_value() and 1 <= value <= RECORDS_MAX:
        return int(value)
    hint = f"write a whole number from 1 to {RECORDS_MAX}"
    reader.mistake(node.place, ErrorCode.P037, f"`at_most` of {what} is no number of records", hint)
    return RECORDS_USUAL


# --- examples --------------------------------------------------------------------------------------------------------


def example_of(type_: Type) -> JsonScalar | JsonRecords:
    """A plausible value inside the type's bounds, as a request carries it: money and rates as text, counts as integers.

    Schemas and the command line show it for facts whose author gave no example.
    """
    match type_.kind:
        case Kind.ENUM:
            return type_.members[0] if type_.members else ""
        case Kind.TEXT:
            return "text"
        case Kind.PERSON:
            return "u.becker"
        case Kind.YES_NO:
            return False
        case Kind.LIST:
            return [{field.name: cast("JsonScalar", example_of(field.type)) for field in type_.fields}]
        case Kind.DATE:
            typical = day_number(_EXAMPLE_DAY)
        case kind:
            typical = _EXAMPLES[kind] * 10**type_.scale // 100
    example = json_value(min(max(typical, type_.low), type_.high), type_)
    return example.rstrip("0").rstrip(".") if isinstance(example, str) and type_.scale == RATE_SCALE else example


def _with_example(reader: FieldReader, fact: Fact, node: Node) -> Fact | None:
    """The fact with its example as a request carries it.

    The standard facts' examples have cents, which a currency without them (JPY) drops: it is read at a finer scale
    first.
    """
    type_ = fact.type
    cents = max(_CENTS - type_.scale, 0) if type_.kind is Kind.MONEY else 0
    finer = replace(type_, scale=type_.scale + cents, low=type_.low * 10**cents, high=type_.high * 10**cents)
    what = f"the example of `{fact.name}`"
    read = read_value(reader, replace(fact, type=finer, required=True), node, ErrorCode.P034, what)
    if read is None:
        return None
    example, value = read
    if type_.kind is Kind.MONEY and isinstance(value, int):
        example = json_value(value // 10**cents, type_)
    return replace(fact, example=example)
