"""A policy as its author wrote it: parsed, with the place of every part, but names and types not yet looked up.

Nouns that `read_policy` gives and `engine.compiling` takes. A name here is a text that has the right shape; whether it
names a fact, a parameter or nothing, and whether a formula's units fit, the compiler says. Every noun carries the place
of its name in the file, which diagnostics, reasons and explanations point at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.diagnostics.diagnostic import Place
from engine.feel import syntax
from engine.reading.document import Scalar
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Titles

EXCEPTIONS = "exceptions"
"""What the exceptions of a policy set go by, as rules go by their policy: `exceptions.long-terms-kn`. So no policy has
this name."""

LISTS = "lists"
"""The folder of lists beside the policies, and what these go by in formulas: `lists.accepted_countries`. So no policy
has this name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A piece of FEEL and where it was read from.

    FEEL may be a whole scalar (`when: order.amount > 5`), the rest of one (`"= a + b"` as a table's output) or a part
    between the braces of a reason's text.
    """

    tree: syntax.Node
    """The syntax tree. Its nodes count characters from the start of the FEEL, not of the scalar."""
    scalar: Scalar
    """The YAML scalar that holds the FEEL."""
    offset: int = 0
    """Where the FEEL begins within the scalar's text."""
    length: int | None = None
    """Characters of the FEEL; None if it goes on to the end of the scalar's text."""

    @property
    def place(self) -> Place:
        """Where the FEEL begins in the file."""
        return self.scalar.place_at(self.offset)

    @property
    def text(self) -> str:
        """The FEEL as written, without spaces around it."""
        end = None if self.length is None else self.offset + self.length
        return self.scalar.text[self.offset : end].strip()

    def place_of(self, node: syntax.Node) -> Place:
        """Where a node of the tree begins in the file, through quotes, folds and lists of YAML."""
        return self.scalar.place_at(self.offset + node.start)

    def text_of(self, node: syntax.Node) -> str:
        """The characters that a node of the tree was read from."""
        return self.scalar.text[self.offset + node.start : self.offset + node.end]


@dataclass(frozen=True, slots=True)
class Template:
    """A reason's text in one language.

    `Exposure {exposure_after} is above {limit}.` has the parts `Exposure `, an expression, ` is above `, an expression,
    `.`
    """

    scalar: Scalar
    """The YAML scalar that holds the text."""
    parts: tuple[str | Expression, ...]
    """Literal text and FEEL by turns, in the order of the text; doubled braces already single."""


@dataclass(frozen=True, slots=True)
class TemplateByLanguage:
    """A reason's text in each of the site's languages, which may use different formulas."""

    by_language: tuple[tuple[str, Template], ...]
    """Languages by code, in the site's order, each with its text."""

    @property
    def parts(self) -> tuple[str | Expression, ...]:
        """Those of all languages."""
        return tuple(part for _, template in self.by_language for part in template.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeName:
    """A type that an author declared, for a parameter, a value or a table's output."""

    word: str
    """One of `Kind`, such as `money`."""
    members: tuple[str, ...]
    """The words of an `enum`, in the author's order; empty for every other type."""
    place: Place
    """Where the type stands."""
    titles: Titles = ()
    """What readers see for a member, for those that have a title."""
    minimum: Decimal | None = None
    """The least number that may be written for it; None where the author says nothing."""
    maximum: Decimal | None = None
    """The greatest, in the same way."""


WrittenScalar = Decimal | str | bool
"""One value as it stands in YAML: a number, a word, or true or false."""

WrittenValue = WrittenScalar | tuple[str, ...]
"""A parameter's value as it stands in YAML: one value, or the entries of a list."""


@dataclass(frozen=True, slots=True)
class DatedConstant:
    """One value of a parameter, and from when it is in force.

    A value holds until the day before the next one; before the first there is none.
    """

    since: date | None
    """The first day of the value; None if it holds always."""
    value: WrittenValue
    """A number as written, a word, true or false, or the entries of a list. What it measures says the parameter's
    type."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDefinition:
    """A constant that editors change: a limit, a tolerance, a number of days. It may change by date.

    In YAML:

        parameters:
          grace: 3
          tolerance: {2026-01-01: 0.10, 2026-07-01: 0.05}
          reserve:
            type: money
            title: {en: Reserve, zh: 准备金}
            value: 5000
    """

    name: str
    """How formulas of the policy call it; other policies write `policy.name`."""
    place: Place
    type: TypeName | None
    """None if not declared: then the compiler takes it from the values. Of a list, that of its entries."""
    is_list: bool = False
    """Whether its values are lists of words, such as country codes."""
    title: Text | None
    note: Text | None
    """Where the number comes from, for readers."""
    currency: str | None = None
    """In which currency its amounts were chosen; None where the author says nothing."""
    values: tuple[DatedConstant, ...]
    """In ascending order of date, all of one kind; empty after a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDefinition:
    """A named formula, worked out for each case.

    In YAML:

        values:
          exposure_after: account.exposure + order.amount
          headroom:
            type: money
            title: {en: Headroom, zh: 额度余量}
            show: true
            formula: account.limit - exposure_after
    """

    name: str
    """How formulas of the policy call it; other policies write `policy.name`."""
    place: Place
    type: TypeName | None
    """None if not declared: then the compiler takes it from the formula."""
    title: Text | None
    """What it is called in explanations."""
    show: bool
    """Whether decisions list it among their figures, under its title; a value that is shown has one."""
    formula: Expression


@dataclass(frozen=True, slots=True)
class AscendingName:
    """A name in a chain of what ascends."""

    name: str
    """Of a parameter, or of an output of a table."""
    place: Place
    is_strict: bool
    """Whether it must be more than the name before it (`<`), not only no less (`<=`); of no meaning for the first."""


@dataclass(frozen=True, slots=True)
class Ascending:
    """What an author says must ascend, on every date and in every row.

    In YAML:

        ascending:
          - email_days < call_days <= visit_days
    """

    place: Place
    links: tuple[AscendingName, ...]
    """From the least on; at least two."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A row's condition on one column."""

    column: Expression
    """The formula of the column, such as `account.months`."""
    tests: Expression
    """A tree of `syntax.UnaryTests` that the column's value must pass."""


@dataclass(frozen=True, slots=True)
class OutputCell:
    """What a row gives under one name."""

    name: str
    """The output's name."""
    place: Place
    content: Expression | Decimal | str | bool | None
    """A number, true or false, a word (text or an enum's member), None for null, or a formula, written `= …`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a decision table, `{when: {column: tests}, then: {output: value}}`.

    It is hit when all of its cells hold.
    """

    id: str
    """The author's, or the row's number from 1."""
    place: Place
    cells: tuple[Cell, ...]
    """All must hold for the row to be hit; none: the row is always hit."""
    outputs: tuple[OutputCell, ...]
    """What it gives when it is hit."""


class HitPolicy(StrEnum):
    """What a table gives when several of its rows are hit (DMN 1.5, 8.2.10).

    One row counts: `unique` (no two rows may overlap), `any` (those that overlap agree), `first` (in the table's
    order), `priority` (the output that is listed first). All rows count: `rule-order` and `output-order` give lists,
    `collect` a list in any order, `collect sum`, `min`, `max` and `count` one number.
    """

    UNIQUE = "unique"
    ANY = "any"
    FIRST = "first"
    PRIORITY = "priority"
    RULE_ORDER = "rule-order"
    OUTPUT_ORDER = "output-order"
    COLLECT = "collect"
    COLLECT_SUM = "collect sum"
    COLLECT_MIN = "collect min"
    COLLECT_MAX = "collect max"
    COLLECT_COUNT = "collect count"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDefinition:
    """A column of a table's results.

    In YAML:

        outputs:
          grade: {title: {en: Grade, zh: 等级}, order: [A, B, C]}
    """

    name: str
    """How formulas call the result; other policies write `policy.name`."""
    place: Place
    type: TypeName | None
    """None if not declared: then the compiler takes it from the rows."""
    title: Text | None
    """What it is called in explanations."""
    ascending: str = ""
    """How its numbers go from row to row: `rising` (none is less than the one above), `strictly` (each is more), or
    empty where the author says nothing."""
    currency: str | None = None
    """In which currency its amounts were chosen; None where the author says nothing."""
    order: tuple[str, ...]
    """Words from the highest priority to the lowest, for hit policies `priority` and `output-order`; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefinition:
    """A decision table.

    In YAML:

        table:
          hit: first
          outputs: {terms: {type: enum, members: [net 30, prepay]}}
          rows:
            - {when: {grading.grade: [A, B], account.months: ">= 12"}, then: {terms: net 30}}
            - {when: {}, then: {terms: prepay}}
    """

    name: str
    """`table` for a policy's single table."""
    place: Place
    hit: HitPolicy
    """`unique` if the author says nothing."""
    outputs: tuple[OutputDefinition, ...]
    """The names that the rows give, declared or not."""
    rows: tuple[Row, ...]
    """In the author's order; at least one."""


@dataclass(frozen=True, slots=True)
class Band:
    """A line of a scorecard: values of the criterion and the points that they earn."""

    tests: Expression
    """A tree of `syntax.UnaryTests`; `null` is the band for a missing input."""
    points: Decimal
    """May be negative."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One input of a scorecard and the points it earns band by band."""

    name: str
    """How formulas call the points."""
    place: Place
    title: Text | None
    input: Expression
    """The formula whose value falls into a band."""
    bands: tuple[Band, ...]
    """At least one; one of them says what a missing input earns."""


@dataclass(frozen=True, slots=True)
class ScorecardDefinition:
    """Gives each criterion's points under the criterion's name and their sum under `total`.

    In YAML:

        scorecard:
          total: score
          criteria:
            age:
              input: account.months
              bands: {"< 12": 0, ">= 12": 25, null: 5}
    """

    place: Place
    total: str
    """The name of the sum."""
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionDefinition:
    """What must be done for an order to pass.

    In YAML, shorter or longer, as a value:

        conditions:
          days: 10
          deposit: {title: {en: Deposit, zh: 预付款}, formula: order.amount * 0.3}
    """

    name: str
    """`deposit`, in decisions `conditions.deposit`."""
    place: Place
    type: TypeName | None
    """None if not declared: then the compiler takes it from the formula."""
    title: Text | None
    """What readers and interfaces call it."""
    formula: Expression
    """How much, or whether."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """What a rule that fires asks somebody to do.

    In YAML, shorter or longer:

        action: notify_insurer
        action: {do: notify_insurer, by: invoice.due_date + 30, amount: invoice.open_amount}
    """

    word: Scalar
    """The action's word; whether there is such an action, the compiler says, since a site may have its own."""
    by: Expression | None
    """The latest date; None if the author gave none."""
    amount: Expression | None
    """How much it is about; None if the author gave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDefinition:
    """A rule: when its conditions hold, it fires, and is a reason of the decision with its outcome.

    In YAML:

        rules:
          over-limit:
            when: exposure_after > account.limit
            then: hold
            if_missing: hold
            reason: {en: "Exposure {exposure_after} is above the limit.", zh: "敞口 {exposure_after} 超过额度。"}
    """

    id: str
    """In decisions `policy.id`, as in `orders.over-limit`."""
    place: Place
    title: Text | None
    """For lists of rules; None if the author gave none."""
    when: tuple[Expression, ...]
    """Conditions that must all hold; at least one."""
    outcome: Scalar
    """A step of the ladder of the case kind, such as `hold`; a scalar, for its place."""
    if_missing: Scalar | None
    """`ignore`, or the kind's cautious outcome, for missing facts; None if nothing is written, which means caution."""
    reason: TemplateByLanguage
    """Why, with the numbers."""
    remedy: TemplateByLanguage | None
    """What would make the case pass; None if the author gave none."""
    conditions: tuple[ConditionDefinition, ...]
    """What the customer must bring; only rules of orders have any."""
    action: ActionDefinition | None = None
    """What somebody has to do; None if the rule asks for no act."""
    waivable: bool = True
    """Whether an exception may name the rule; false for what nobody may waive, such as sanctions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One file of `rules/`, read without mistakes but, perhaps, in rules that were left out."""

    name: str
    """How other policies call it, `name.value`."""
    place: Place
    """Where the name stands."""
    title: Text
    """What it is called in lists and explanations."""
    decides: str
    """The kind of case that it speaks about: a key of `CASE_KINDS`."""
    parameters: Mapping[str, ParameterDefinition]
    """By name. Parameters, values, criteria and outputs share one set of names."""
    values: Mapping[str, ValueDefinition]
    """By name."""
    scorecard: ScorecardDefinition | None
    """None if the policy has none."""
    tables: Mapping[str, TableDefinition]
    """By name, in the author's order."""
    rules: Mapping[str, RuleDefinition]
    """By id, in the author's order."""
    ascending: tuple[Ascending, ...] = ()
    """What must ascend, in the author's order."""
