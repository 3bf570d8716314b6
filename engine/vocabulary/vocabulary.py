"""The facts that a policy can speak about, and their types.

Second noun of the pipeline. Numbers are integers that stand for `value / 10**scale`, so that every lowering of a rule
set (Python, Rete network, SQL) computes the same result without rounding of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from enum import StrEnum

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.actions import STANDARD_ACTIONS
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES
from engine.vocabulary.days import UTC_NAME, day_number
from engine.vocabulary.decimals import RATE_SCALE
from engine.vocabulary.languages import OWN_LANGUAGES
from engine.vocabulary.text import Text


class Kind(StrEnum):
    """What a fact or a formula holds, by the word that a policy author writes."""

    MONEY = "money"
    """An amount in the policy set's currency, with that currency's decimals."""

    RATE = "rate"
    """A share or a percentage: 0.05 is 5%."""

    NUMBER = "number"
    """A plain decimal number, such as a current ratio."""

    INTEGER = "integer"
    """A count."""

    DAYS = "days"
    """A span of whole days."""

    MONTHS = "months"
    """A span of whole months."""

    DATE = "date"
    """A day of the calendar."""

    ENUM = "enum"
    """One of a few words that the type lists."""

    TEXT = "text"
    """Free text, such as a number or a name. Texts are equal or not; they have no order."""

    PERSON = "person"
    """A login or a name of somebody, compared as people are: without regard to case, width and blanks."""

    YES_NO = "yes/no"
    """True or false."""

    LIST = "list"
    """Records of one shape, such as an account's open items. Facts alone have this kind; formulas count, add up and
    filter lists."""

    @property
    def is_numeric(self) -> bool:
        """Whether values of this kind can be added up. Dates can't; the difference of two dates is `DAYS`."""
        return self in _NUMERIC

    @property
    def is_text(self) -> bool:
        """Whether values of this kind are texts that no declaration lists."""
        return self in (Kind.TEXT, Kind.PERSON)

    @property
    def is_dimensionless(self) -> bool:
        """Whether a value of this kind has no unit, so that it may be multiplied with any other."""
        return self in (Kind.RATE, Kind.NUMBER, Kind.INTEGER)


_NUMERIC = frozenset({Kind.MONEY, Kind.RATE, Kind.NUMBER, Kind.INTEGER, Kind.DAYS, Kind.MONTHS})

QUOTIENT_SCALE = 12
"""Decimals of a division's result; fits 128-bit integers for every amount that a fact may hold."""

MONEY_UNITS_MAX = 10**15
"""Largest amount that a fact may hold, either sign, in units of its currency (euros, not cents). No currency has more
than three decimals, so its minor units are below 10**18, and a 64-bit integer holds them."""

TOTAL_MAX = 10**18
"""Largest amount in minor units, either sign, of a fact that adds up other amounts, such as all receivables of a
company: 10**16 euros. A 64-bit integer holds it, and 38 digits the ratio of two such amounts times a number of days.
Amounts that are worked out may be larger, up to `FORMULA_BOUND`."""

FORMULA_BOUND = 10**38 - 1
"""Largest intermediate result, either sign: what decimal(38, 0) and a 128-bit integer both hold."""


RATE_DAYS_USUAL = 7
"""Days that an exchange rate may be older than the decision where the site says nothing: a holiday week has none."""

RATE_DAYS_MAX = 400
"""The most that a site may allow, for prices that are fixed once a year."""


Titles = tuple[tuple[str, Text], ...]
"""What readers are shown for an enum's members; a member without a title is shown as it stands."""


class Future(StrEnum):
    """What becomes of a date that tells of the past, such as the day of a release, and yet lies after `as_of`."""

    REFUSED = "refused"
    """It is a fault of the request, or of the row."""

    UNKNOWN = "unknown"
    """The fact counts as missing; for facts without which policies are no milder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField:
    """One named value of every record of a list, such as the amount of an open item."""

    name: str

    type: Type
    """Of any kind but a list."""

    required: bool
    """Whether a record without it is refused. Any other field may be missing or null, which are the same."""

    title: Text | None = field(default=None, compare=False)
    """What readers are shown; None: the name."""


@dataclass(frozen=True, slots=True)
class Type:
    """A kind with its precision and its bounds: money with 2 decimals between 0 and 10**17 cents.

    `Type(Kind.MONEY, scale=2, low=0, high=10**17)`.
    """

    kind: Kind
    """What values of this type hold."""

    _: KW_ONLY

    scale: int = 0
    """Decimals of a value: the integer 1250 of scale 2 stands for 12.50. 0 for all but money, rates and numbers."""

    low: int = 0
    """The least value, inclusive, as a scaled integer; for dates as days since 1970-01-01. Unused for enums, texts and
    yes/no."""

    high: int = 0
    """The greatest value, in the same way; for lists the most records."""

    members: tuple[str, ...] = ()
    """An enum's words, in the order in which they were declared; empty for all other kinds."""

    titles: Titles = field(default=(), compare=False)
    """For readers only: types that differ in nothing else are equal."""

    fields: tuple[ListField, ...] = ()
    """What each record of a list holds, in the order declared; empty for all other kinds."""

    written: tuple[int, int] | None = field(default=None, compare=False)
    """The least and the greatest number that an author may write for a value of this type, as scaled integers, where
    that is narrower than what can be computed: a rate is written from 0 to 1, and a utilization of 1.4 is worked out.
    None where nothing was declared."""

    future: Future | None = field(default=None, compare=False)
    """Of a date, what becomes of a day after the day of the decision; None where that is a day like any other."""


RECORDS_MAX = 10_000
"""Records that a list may hold at most, whatever is declared."""

RECORDS_USUAL = 1_000
"""Records that a list may hold where nothing is declared."""

_UNITS = {Kind.RATE: "share", Kind.DAYS: "days", Kind.MONTHS: "months"}


def unit_of(type_: Type, currency: str) -> str | None:
    """What values of this type are counted in, as answers say it: a currency (`EUR`), `days`, `months`, or `share` for
    a rate, of which 0.05 is 5%. None for what has no unit."""
    return currency if type_.kind is Kind.MONEY else _UNITS.get(type_.kind)


def money_max(decimals: int) -> int:
    """The largest amount of one fact in minor units of a currency with so many decimals."""
    unit: int = 10**decimals
    return MONEY_UNITS_MAX * unit


YES_NO = Type(Kind.YES_NO)
TEXT = Type(Kind.TEXT)
PERSON = Type(Kind.PERSON)
DATE = Type(Kind.DATE, scale=0, low=day_number(date(1900, 1, 1)), high=day_number(date(2199, 12, 31)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One typed input of a case, such as the value of an order."""

    name: str
    """The group and a name within it: `order.amount`."""

    type: Type
    """What its values are, and between which bounds."""

    title: Text
    """What readers are shown."""

    note: Text | None
    """What it means, and what leaving it out means."""

    required: bool
    """Whether a request without it is refused. Any other fact may be missing or null, which are the same."""

    example: object
    """A value as it stands in a request: text, a whole number, true or false."""

    place: Place
    """Where it is declared."""

    extensible: bool = False
    """Of a standard enum, whether a site may add words to it."""

    confidential: bool = False
    """Whether it says of a customer what not everybody who enters orders may see, such as a rating that was bought."""

    personal: bool = False
    """Whether it names somebody."""

    @property
    def group(self) -> str:
        """The object of a request that it stands in: `order` for `order.amount`."""
        return self.name.partition(".")[0]


Lists = Mapping[str, frozenset[str]]
"""The names of what the records of each list hold, by the list's full name."""


def lists_among(facts: Iterable[Fact]) -> Lists:
    """Those of the facts that are lists, with the names of what their records hold."""
    lists = (fact for fact in facts if fact.type.kind is Kind.LIST)
    return {fact.name: frozenset(item.name for item in fact.type.fields) for fact in lists}


OWN_WORDS: Mapping[str, Text] = {
    "yes": Text("yes", "是"),
    "no": Text("no", "否"),
    "unknown": Text("unknown", "未知"),
    "none": Text("none", "无"),
}
"""What readers see for true, false, a value that is not known and a list without entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Everything that a policy set can speak about. The standard facts and a site's own are made into one."""

    currency: str
    """The one currency of all amounts, by its ISO 4217 code."""

    currency_digits: int
    """Decimals of that currency: 2 for EUR, 0 for JPY."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    """All facts by full name, the standard ones first, each file's in the order in which it declares them."""

    timezone: str = UTC_NAME
    """Where the site's day begins and ends, by its name in the IANA database: `Europe/Berlin`. It says which day it is
    where a case doesn't say for which day it is decided."""

    rate_days: int = RATE_DAYS_USUAL
    """Days that the rate of another currency may be older than the decision that uses it."""

    actions: Mapping[str, Text] = field(default_factory=lambda: dict(STANDARD_ACTIONS))
    """What rules may ask people to do: the title of each action by its word, the standard ones first."""
    languages: tuple[str, ...] = OWN_LANGUAGES
    """In which the site writes its texts, by ISO 639-1 code; the first is shown to readers of others."""

    outcome_titles: Mapping[str, Text] = field(default_factory=lambda: OUTCOME_TITLES)
    """What readers see for each outcome of any ladder."""

    words: Mapping[str, Text] = field(default_factory=lambda: OWN_WORDS)
    """What readers see for the values in `OWN_WORDS`."""

    def lists(self) -> Lists:
        """The facts that are lists, by full name, with the names of what their records hold."""
        return lists_among(self.facts.values())

    def of_case(self, case: str) -> tuple[Fact, ...]:
        """The facts that a case of this kind may carry, in the order in which they were declared. This order is the
        order of bound values all through the engine."""
        groups = CASE_KINDS[case].groups
        return tuple(fact for fact in self.facts.values() if fact.group in groups)

    def flagged_facts(self) -> frozenset[str]:
        """Names of the facts that are confidential or personal."""
        return frozenset(fact.name for fact in self.facts.values() if fact.confidential or fact.personal)

    def type_named(self, kind: Kind, members: tuple[str, ...] = (), titles: Titles = ()) -> Type:
        """The type that a word of a policy stands for where no bounds are declared: `money` is any amount in the set's
        currency, `rate` a share from 0 to 1. `members` and `titles` are an enum's, and empty for all other kinds."""
        type_ = self.widest(kind, members, titles)
        return replace(type_, low=0, high=10**RATE_SCALE) if kind is Kind.RATE else type_

    def widest(self, kind: Kind, members: tuple[str, ...] = (), titles: Titles = ()) -> Type:
        """The type of this kind that holds all others of it, within which bounds may be declared."""
        match kind:
            case Kind.MONEY:
                most = money_max(self.currency_digits)
                return Type(kind, scale=self.currency_digits, low=-most, high=most)
            case Kind.RATE | Kind.NUMBER:
                return Type(kind, scale=RATE_SCALE, low=-(10**12), high=10**12)
            case Kind.INTEGER:
                return Type(kind, scale=0, low=-(10**9), high=10**9)
            case Kind.DAYS:
                return Type(kind, scale=0, low=-100_000, high=100_000)
            case Kind.MONTHS:
                return Type(kind, scale=0, low=-3_600, high=3_600)
            case Kind.DATE:
                return DATE
            case Kind.ENUM:
                return Type(kind, members=members, titles=titles)
            case Kind.TEXT:
                return TEXT
            case Kind.PERSON:
                return PERSON
            case Kind.YES_NO:
                return YES_NO
            case Kind.LIST:
                return Type(kind, high=RECORDS_MAX)
