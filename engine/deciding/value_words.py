"""Values of a decision in words: what stands in its JSON (`"12500.00"`), shown to a reader (`EUR 12,500.00`)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.deciding.decision import JsonValue
from engine.deciding.reasons import formatter
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.days import day_number
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Kind, Type

_DECIMAL = (Kind.MONEY, Kind.RATE, Kind.NUMBER)
_NONE = Text("none", "无")


class ValueWords:
    """Shows the variables of one rule set in one language."""

    def __init__(self, ruleset: RuleSet, language: str) -> None:
        self.language = language
        self._currency = ruleset.currency
        self._titles = ruleset.titles
        self._types: dict[str, Type] = {**ruleset.variables}
        self._types |= {name: constant.type for name, constant in ruleset.constants.items()}
        self._conditions = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}

    def title(self, name: str) -> str:
        title = self._titles.get(name)
        return title[self.language] if title else name

    def variable(self, name: str, value: JsonValue) -> str:
        return self._shown(value, self._types.get(name))

    def condition(self, name: str, value: JsonValue) -> str:
        return self._shown(value, self._conditions.get(name))

    def _shown(self, value: JsonValue, type_: Type | None) -> str:
        if isinstance(value, list):
            return ", ".join(self._shown(item, type_) for item in value) or _NONE[self.language]
        if type_ is None:
            return plain(value)
        return formatter(type_, self._currency, self.language)(_bound(value, type_))


def _bound(value: str | int | bool | None, type_: Type) -> str | int | bool | None:
    """Back to the scaled integer that `engine.vocabulary.binding.shown` wrote."""
    if not isinstance(value, str):
        return value
    if type_.kind in _DECIMAL:
        return int(Decimal(value).scaleb(type_.scale))
    if type_.kind is Kind.DATE:
        return day_number(date.fromisoformat(value))
    return value


def plain(value: JsonValue) -> str:
    """As in JSON, without quotes."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(plain, value))}]"
        case _:
            return str(value)
