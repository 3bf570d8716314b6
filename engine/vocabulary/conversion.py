"""Amounts of a request in another currency → the same request in that of the policies, or every amount that can't be.

Stands before binding, so that a decision sees amounts of one currency only, whatever way they came:

    {"order": {"amount": "1000.00"}}  –Conversion(vocabulary, 0.9215 for USD).facts→  {"order": {"amount": "921.50"}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.vocabulary.binding import FactsRefused, Fault, JsonScalar, json_formatter, json_value, value_reader
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.rates import Rate
from engine.vocabulary.vocabulary import TOTAL_MAX, Kind, Type, Vocabulary, money_max

Convert = Callable[[object], JsonScalar]
"""An amount as a request carries it, in the other currency → the same in the policies'. Raises `FactsRefused`."""

_FAULTS_MAX = 20
"""Faults of one list that a refusal names."""


def foreign(type_: Type, currency: str) -> Type:
    """What amounts of a money fact are in another currency: of its decimals, and as large as any amount."""
    digits = MINOR_UNITS[currency]
    own_most = money_max(type_.scale)
    most = TOTAL_MAX if max(-type_.low, type_.high) > own_most else money_max(digits)
    return replace(type_, scale=digits, low=0 if type_.low >= 0 else -most, high=most, written=None)


def amounts_in(type_: Type, currency: str) -> Type:
    """The type of any fact where amounts are in this currency, of a list's records too."""
    if type_.kind is Kind.MONEY:
        return foreign(type_, currency)
    if type_.kind is not Kind.LIST:
        return type_
    return replace(type_, fields=tuple(replace(each, type=amounts_in(each.type, currency)) for each in type_.fields))


def amounts_in_any(type_: Type) -> Type:
    """The same where nobody knows in which currency amounts are: as many decimals and as large as any."""
    if type_.kind is Kind.MONEY:
        digits = max(MINOR_UNITS.values())
        is_total = max(-type_.low, type_.high) > money_max(type_.scale)
        most = TOTAL_MAX * 10**digits if is_total else money_max(digits)
        return replace(type_, scale=digits, low=0 if type_.low >= 0 else -most, high=most, written=None)
    return replace(type_, fields=tuple(replace(each, type=amounts_in_any(each.type)) for each in type_.fields))


def converter(type_: Type, rate: Rate, path: str) -> Convert:
    """A function that converts the amounts of one fact, which stands at `path`. An amount that is too large afterwards
    is refused, as one that was sent so."""
    read = value_reader(foreign(type_, rate.currency), path)
    write, digits = json_formatter(type_), type_.scale

    def convert(raw: object) -> JsonScalar:
        amount = read(raw)  # type: ignore[arg-type]  # anything: what is no amount is refused
        if amount is None:
            return None
        value = rate.converted(int(amount), digits)  # type: ignore[arg-type]  # money is bound as a number
        if not type_.low <= value <= type_.high:
            raise FactsRefused([out_of_range(type_, path)])
        return write(value)

    return convert


def out_of_range(type_: Type, path: str) -> Fault:
    """What is said of an amount that a fact of this type can't hold once it is converted."""
    ends = f"expected between {json_value(type_.low, type_)} and {json_value(type_.high, type_)}"
    return Fault(path, "is out of range once converted", ends)


def converted(facts: Mapping[str, object], vocabulary: Vocabulary, case: str, rate: Rate) -> dict[str, object]:
    """The facts of a request with every amount converted, those in lists of records too. What is no list of records
    is passed on as it stands, for binding to judge. Raises `FactsRefused` with every amount that can't be converted."""
    faults: list[Fault] = []
    done = dict(facts)
    for name, type_ in _money_of(vocabulary, case):
        group, _, key = name.partition(".")
        members = done.get(group)
        if not isinstance(members, Mapping) or members.get(key) is None:
            continue
        raw = members[key]
        try:
            value = (
                converted_records(raw, type_, rate, name)
                if type_.kind is Kind.LIST
                else converter(type_, rate, name)(raw)
            )
        except FactsRefused as refused:
            faults += refused.faults
        else:
            done[group] = {**members, key: value}
    if faults:
        raise FactsRefused(sorted(faults, key=lambda fault: fault.path))
    return done


def _money_of(vocabulary: Vocabulary, case: str) -> list[tuple[str, Type]]:
    """The facts of a case that hold amounts, or lists of records that do."""
    return [
        (fact.name, fact.type)
        for fact in vocabulary.of_case(case)
        if fact.type.kind is Kind.MONEY or any(field.type.kind is Kind.MONEY for field in fact.type.fields)
    ]


def converted_records(raw: object, type_: Type, rate: Rate, path: str) -> object:
    """The records of a list with every amount converted; what is no list of records as it stands."""
    if not isinstance(raw, list | tuple) or len(raw) > type_.high:
        return raw
    amounts = [field for field in type_.fields if field.type.kind is Kind.MONEY]
    faults: list[Fault] = []
    done = []
    for number, record in enumerate(raw, 1):
        if isinstance(record, Mapping):
            changed = dict(record)
            for field in amounts:
                if record.get(field.name) is not None:
                    try:
                        convert = converter(field.type, rate, f"{path}[{number}].{field.name}")
                        changed[field.name] = convert(record[field.name])
                    except FactsRefused as refused:
                        faults += refused.faults
            done.append(changed)
        else:
            done.append(record)
    if faults:
        raise FactsRefused(faults[:_FAULTS_MAX])
    return done
