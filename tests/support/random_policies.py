"""Random policies as an author writes them: typed constants at the ends of what they can be, and what is made of them.

Seeded. Each formula is tried by itself first, so that a policy holds only what `credence check` passes. Databases give
plain digits whatever width they like; here every product, sum, quotient and choice of constants comes along.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from engine.lowering.sql.portability import portability_mistakes
from engine.pipeline import load
from engine.ruleset.ruleset import RuleSet
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, REASON, engine_of

DAY = date(2026, 7, 15)

CONSTANTS: Mapping[str, Sequence[str]] = {
    "money": (
        "0.01",
        "1",
        "90",
        "-0.01",
        "21474836.47",
        "21474836.48",
        "-21474836.49",
        "9999999999999.99",
        "0",
        "1.50",
    ),
    "rate": ("0.05", "1", "0.000001", "-1", "2147.483647", "2147.483648", "0.5", "1000000", "0.333333"),
    "number": ("90", "1.5", "0.000001", "999999.999999", "-1000000", "2147.483648", "7", "0.1", "-2.5", "0"),
    "integer": ("90", "1", "1000000000", "-1000000000", "2", "46341", "65536", "-3", "0"),
    "days": ("30", "1", "100000", "-100000", "0", "46341"),
    "months": ("1", "12", "-3", "24"),
    "date": ("2026-07-15", "1970-01-01", "1999-12-31", "2025-02-28"),
}
"""Around 2^31 in scaled units, its square root, both signs, and the ends of each type."""

LITERALS = ("90", "1.5", "2", "0.000001", "1000000", "2147483647", "2147483648", "46341", "0.1", "7", "3000000000")
TYPES = {"money": "money", "number": "number", "days": "days", "date": "date"}
OUTPUTS = ("money", "rate", "number", "integer", "days", "date", "yes/no", "text", "enum")
HITS = ("rule-order", "output-order", "collect")
SUMS = ("collect sum", "collect min", "collect max", "collect count")


class Part(NamedTuple):
    """A named thing of a policy, with the section that it stands in."""

    section: str
    lines: str


class PolicyMaker:
    """One random policy; `text` is what stands behind its head."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.parameters = {
            f"{kind}_{i}": (kind, self.chance.sample(CONSTANTS[kind], 2)) for kind in CONSTANTS for i in range(2)
        }

    def text(self) -> str:
        wanted = {"value": 16, "rule": 5, "list_table": 4, "sum_table": 4}
        parts = self._parameter_parts()
        parts += [getattr(self, f"_{what}")(f"{what}{i}") for what, count in wanted.items() for i in range(count)]
        while odd := _mistaken(parts):
            parts = [part for part in parts if part not in odd]
        return _policy(parts)

    # --- parts of a policy -------------------------------------------------------------------------------------------

    def _parameter_parts(self) -> list[Part]:
        """Every second one has had another value before."""
        parts = []
        for index, (name, (kind, (old, new))) in enumerate(self.parameters.items()):
            said = f"values: {{2020-01-01: {old}, 2026-01-01: {new}}}" if index % 2 else f"value: {new}"
            parts.append(Part("parameters", f"  {name}: {{type: {kind}, {said}, title: {{en: x, zh: x}}}}\n"))
        return parts

    def _value(self, name: str) -> Part:
        kind = self.chance.choice(list(TYPES))
        formula = self._of(kind)(3)
        return Part("values", f"  {name}: {{formula: '{formula}', type: {TYPES[kind]}, title: {{en: x, zh: x}}}}\n")

    def _rule(self, name: str) -> Part:
        then = self.chance.choice(("watch", "review", "restrict"))
        said = f"  {name}:\n    when: '{self.condition(3)}'\n    then: {then}\n    reason: {REASON}\n"
        return Part("rules", said + self._action())

    def _action(self) -> str:
        """With dice of its own: nothing else changes by it."""
        chance, self.chance = self.chance, random.Random(f"action {self.chance.getstate()[1][:3]}")
        word = self.chance.choice(("notify_insurer", "litigate"))
        said = [f"do: {word}", f"by: '{self.date(2)}'", f"amount: '{self.money(2)}'"]
        said = said[: self.chance.randint(0, 3)]
        self.chance = chance
        return f"    action: {{{', '.join(said)}}}\n" if said else ""

    def _list_table(self, name: str) -> Part:
        hit, kinds = self.chance.choice(HITS), self.chance.sample(OUTPUTS[:-1], 4)
        return self._table(name, hit, [*kinds, "enum"] if hit == "output-order" else kinds)

    def _sum_table(self, name: str) -> Part:
        return self._table(
            name, self.chance.choice(SUMS), self.chance.sample(("money", "rate", "number", "integer"), 2)
        )

    def _table(self, name: str, hit: str, kinds: Sequence[str]) -> Part:
        lines = [f"  {name}:\n    hit: {hit}\n    outputs:\n"]
        names = {f"{name}_{kind.replace('/', '_')}": kind for kind in kinds}
        for output, kind in names.items():
            type_ = "members: [low, high], order: [high, low]" if kind == "enum" else f"type: {kind}"
            lines.append(f"      {output}: {{{type_}, title: {{en: x, zh: x}}}}\n")
        lines.append("    rows:\n")
        for row in range(self.chance.randint(2, 4)):
            cell = self.chance.choice(("account.points: '< 5'", "account.flag: true", "account.wait: '>= 30'", ""))
            given = ", ".join(f"{output}: {self._output(kind)}" for output, kind in names.items())
            lines.append(f"      - {{id: r{row}, when: {{{cell}}}, then: {{{given}}}}}\n")
        return Part("tables", "".join(lines))

    def _output(self, kind: str) -> str:
        """A constant, a formula that may be null, or a fact that is."""
        known: Mapping[str, Sequence[str]] = {
            "yes/no": ("true", "false", '"= account.flag"'),
            "text": ('"= account.word"', '"= \\"it\'s, [so]\\""'),
            "enum": ("low", "high"),
            "date": ('"= account.day"', '"= as_of"'),
            "money": (*CONSTANTS["money"], '"= account.cap"', f'"= {self.money(1)}"'),
            "rate": (*CONSTANTS["rate"], '"= account.share"'),
            "number": (*CONSTANTS["number"], '"= account.ratio"', f'"= {self.number(1)}"'),
            "days": (*CONSTANTS["days"], '"= account.wait"'),
        }
        return self.chance.choice(known.get(kind, (*CONSTANTS["integer"], '"= account.points"')))

    # --- formulas ----------------------------------------------------------------------------------------------------

    def _of(self, kind: str) -> Callable[[int], str]:
        return {"money": self.money, "number": self.number, "days": self.days, "date": self.date}[kind]

    def _constant(self, *kinds: str) -> str:
        return self.chance.choice([name for name, (kind, _) in self.parameters.items() if kind in kinds])

    def _choose(self, depth: int, plain: Sequence[str], *deep: Callable[[int], str]) -> str:
        if depth <= 0 or self.chance.random() < 0.2:
            return self.chance.choice(plain)
        return self.chance.choice(deep)(depth - 1)

    def money(self, depth: int) -> str:
        of, number = self.money, self.number
        return self._choose(
            depth,
            [self._constant("money"), self._constant("money"), "account.cap"],
            lambda d: f"({of(d)} {self.chance.choice('+-')} {of(d)})",
            lambda d: f"({of(d)} * {number(d)})",
            lambda d: f"({of(d)} / {number(d)})",
            lambda d: f"(if {self.condition(d)} then {self._constant('money')} else {of(d)})",
            lambda d: f"{self.chance.choice(('min', 'max', 'sum'))}({of(d)}, {of(d)}, {self._constant('money')})",
            lambda d: f"abs({of(d)})",
            lambda d: f"decimal({of(d)}, {self.chance.choice((0, 1))})",
            lambda d: f"-{self._constant('money')}",
        )

    def number(self, depth: int) -> str:
        of, kinds = self.number, ("number", "rate", "integer")
        counts = ["account.points", "account.level", "account.ratio", "account.share", "string length(account.word)"]
        return self._choose(
            depth,
            [self._constant(*kinds), self._constant(*kinds), self.chance.choice(LITERALS), *counts],
            lambda d: f"({of(d)} {self.chance.choice('+-*')} {of(d)})",
            lambda d: f"({self._constant(*kinds)} / {self.chance.choice(counts)})",
            lambda d: f"({of(d)} / {of(d)})",
            lambda d: f"({self.money(d)} / {self.money(d)})",
            lambda d: f"({self.days(d)} / {self.days(d)})",
            lambda d: f"(if {self.condition(d)} then {self._constant(*kinds)} else {self._constant(*kinds)})",
            lambda d: f"{self.chance.choice(('min', 'max', 'sum', 'mean'))}({of(d)}, {self._constant(*kinds)})",
            lambda d: f"{self.chance.choice(('floor', 'ceiling', 'abs'))}({of(d)})",
            lambda d: f"modulo({of(d)}, {self._constant('integer')})",
            lambda d: f"{self.date(0)}.{self.chance.choice(('year', 'month', 'day', 'weekday'))}",
        )

    def days(self, depth: int) -> str:
        return self._choose(
            depth,
            [self._constant("days"), "account.wait"],
            lambda d: f"({self.days(d)} {self.chance.choice('+-')} {self.days(d)})",
            lambda d: f"({self.date(d)} - {self.date(d)})",
            lambda d: f"({self.days(d)} * {self.number(d)})",
        )

    def date(self, depth: int) -> str:
        return self._choose(
            depth,
            ["account.day", "as_of", self._constant("date")],
            lambda d: f"({self.date(d)} {self.chance.choice('+-')} {self._constant('months')})",
            lambda _: f"({self.date(0)} + account.wait)",
        )

    def condition(self, depth: int) -> str:
        operator = self.chance.choice(("<", "<=", ">", ">=", "=", "!="))
        return self._choose(
            depth,
            ["account.flag", f"account.points {operator} 5"],
            lambda d: f"{self.money(d)} {operator} {self.money(d)}",
            lambda d: f"{self.number(d)} {operator} {self.number(d)}",
            lambda d: f"{self.date(d)} {operator} {self.date(d)}",
            lambda d: f"{self.number(d)} in [{self.chance.choice(LITERALS)}, {self.chance.choice(LITERALS)}]",
            lambda d: f"({self.condition(d)} {self.chance.choice(('and', 'or'))} {self.condition(d)})",
            lambda d: f"not({self.condition(d)})",
            lambda _: f'substring(account.word, {self.chance.choice((1, -1, 3_000_000_000, -3_000_000_000))}) = "A"',
        )


def random_policy(seed: int) -> str:
    return PolicyMaker(seed).text()


def policy_ruleset(seed: int, currency: str = "EUR") -> RuleSet:
    return engine_of(random_policy(seed), currency=currency).ruleset("account", DAY)


SECTIONS = ("parameters", "values", "tables", "rules")


def _policy(parts: Sequence[Part]) -> str:
    return "".join(text for text, _ in _pieces(parts))


def _pieces(parts: Sequence[Part]) -> Iterator[tuple[str, Part | None]]:
    """The policy's text piece by piece, with the part that each is."""
    for section in SECTIONS:
        of_section = [part for part in parts if part.section == section]
        if of_section:
            yield f"{section}:\n", None
        yield from ((part.lines, part) for part in of_section)


def _mistaken(parts: Sequence[Part]) -> list[Part]:
    """The parts in which `credence check` finds a mistake, or which SQL can't say."""
    at: list[Part | None] = [None] * (HEAD.count("\n") + 1)
    for text, part in _pieces(parts):
        at += [part] * text.count("\n")
    loaded = load(whole_set({"p": HEAD + _policy(parts)}, FACTS.format(currency="EUR")))
    found = loaded.diagnostics
    if not found:
        assert loaded.engine
        found = portability_mistakes([loaded.engine.ruleset("account", DAY)])
    return [part for diagnostic in found if (part := at[diagnostic.place.line])]
