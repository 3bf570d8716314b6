"""Values as a reader sees them: what a decision holds as `1250000`, and its JSON as `"12500.00"`, is `EUR 12,500.00`.

The one place that says how a value looks to a person; reasons, commands and reports use it. How a value looks in JSON
is said in `engine.vocabulary.binding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from engine.deciding.decision import JsonValue
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.binding import KnownValue, Value, bound_value
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.languages import Reader, reader_of
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, OWN_WORDS, Kind, Type

ReaderFormatter = Callable[[Value], str]


class ValueWords:
    """Writes what one rule set's decisions hold for readers of one language."""

    def __init__(self, ruleset: RuleSet, language: str | None = None) -> None:
        """`language` is the reader's; None stands for the site's first. Where a text doesn't exist in it, the reader
        gets it in another one, see `reader_of`."""
        self.reader = reader_of(language, ruleset.languages)
        self._currency = ruleset.currency
        self._money = Type(Kind.MONEY, scale=MINOR_UNITS[ruleset.currency])
        self._titles = ruleset.titles
        self._outcome_titles = ruleset.outcome_titles
        self._words = ruleset.words
        self._types: dict[str, Type] = {**ruleset.variables}
        self._types |= {name: constant.type for name, constant in ruleset.constants.items()}
        self._condition_titles = ruleset.condition_titles
        self._action_titles = ruleset.action_titles
        self._conditions = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}

    def title(self, name: str) -> str:
        """What readers call a fact, value or parameter; its name where its author gave no title."""
        title = self._titles.get(name)
        return title[self.reader] if title else name

    def outcome(self, name: str) -> str:
        """What readers call an outcome."""
        return self._outcome_titles[name][self.reader]

    def variable(self, name: str, value: JsonValue) -> str:
        """The value of a fact, value or parameter, from a decision's JSON; a name that the rule set doesn't have is
        written as in JSON."""
        return self._written(value, self._types.get(name))

    def condition_title(self, name: str) -> str:
        """What readers call a condition; its name in words where its author gave no title."""
        title = self._condition_titles.get(name)
        return title[self.reader] if title else name.replace("_", " ")

    def condition(self, name: str, value: JsonValue) -> str:
        """The value of one of a decision's conditions, from its JSON."""
        return self._written(value, self._conditions.get(name))

    def action_title(self, word: str) -> str:
        """What readers call an action; its word where the rule set doesn't have it."""
        title = self._action_titles.get(word)
        return title[self.reader] if title else word.replace("_", " ")

    def date(self, value: str) -> str:
        """A day, from a decision's JSON."""
        return self._written(value, DATE)

    def amount(self, value: str) -> str:
        """An amount of money, from a decision's JSON."""
        return self._written(value, self._money)

    def _written(self, value: JsonValue, type_: Type | None) -> str:
        if isinstance(value, list):
            return ", ".join(self._written(item, type_) for item in value) or self._words["none"][self.reader]
        if type_ is None:
            return json_text(value)
        return reader_formatter(type_, self._currency, self.reader, words=self._words)(bound_value(value, type_))


def json_text(value: object) -> str:
    """A value as it stands in JSON, but without quotes: `null`, `true`, `[A, B]`, `12500.00`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return f"[{', '.join(map(json_text, value))}]"
        case _:
            return str(value)


def reader_formatter(
    type_: Type, currency: str, reader: Reader, *, words: Mapping[str, Text] = OWN_WORDS
) -> ReaderFormatter:
    """A function that writes bound values of this type for a reader.

    Money carries its currency and all its digits, rates are percent, dates are written as the language does, an enum's
    member has its title, and null is `unknown`. `words` are what yes, no and unknown are called.
    """
    unknown = words["unknown"][reader]
    if type_.kind is Kind.MONEY:
        prefix, grouped = f"{currency} ", decimal_formatter(type_.scale, grouped=True)
        return lambda value: unknown if value is None else prefix + grouped(value)  # type: ignore[arg-type]  # an int
    write = _known_formatter(type_, reader, words)
    return lambda value: unknown if value is None else write(cast("int | str | bool", value))


def differs_by_language(type_: Type) -> bool:
    """Whether a known value of this type may be written otherwise in one language than in the other."""
    return type_.kind in (Kind.DATE, Kind.YES_NO) or bool(type_.titles)


def _known_formatter(type_: Type, reader: Reader, words: Mapping[str, Text]) -> Callable[[int | str | bool], str]:
    """For values that are not null and no money."""
    grouped = decimal_formatter(type_.scale, grouped=True)
    match type_.kind:
        case Kind.RATE:
            return lambda value: f"{_trimmed(grouped(int(value) * 100))}%"
        case Kind.DATE:
            return _chinese_date if reader[0] == "zh" else _iso_date
        case Kind.YES_NO:
            yes, no = words["yes"][reader], words["no"][reader]
            return lambda value: yes if value else no
        case Kind.ENUM:
            titles = {word: title[reader] for word, title in type_.titles}
            return lambda value: titles.get(str(value)) or str(value).replace("_", " ")
        case Kind.TEXT | Kind.PERSON:
            return str
        case _:
            return lambda value: _trimmed(grouped(int(value)))


def _trimmed(text: str) -> str:
    """Without zeros at the end of the decimals: `0.050` is `0.05`, `3.00` is `3`."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _iso_date(value: KnownValue) -> str:
    return date_of(int(value)).isoformat()


def _chinese_date(value: KnownValue) -> str:
    day = date_of(int(value))
    return f"{day.year}年{day.month}月{day.day}日"
