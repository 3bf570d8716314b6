"""What somebody can do about a case that doesn't pass, as changes of its facts. Part of `engine.proofs.nearest_change`.

A *lever* is something of which there may be more or less: a payment of 500, an order that is 500 smaller. It changes
facts as the ledger would: a payment lowers what is open and, oldest first, what is overdue. A *switch* is done or not:
the credit assessment is renewed. Adding one is adding it to a list below; its facts are the vocabulary's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.proving.smt.encode import Encoded, KnownNumber, Truth
from engine.proving.smt.terms import Term, Terms
from engine.vocabulary.binding import Value
from engine.vocabulary.decimals import RATE_SCALE
from engine.vocabulary.text import Text


class LeverFacts:
    """The facts of a case as terms, while levers change them."""

    def __init__(self, terms: Terms, given: Mapping[str, Value], values: dict[str, Encoded], as_of: int) -> None:
        self.terms = terms
        self.given = given
        """The values of the case."""
        self.values = values
        """By name; levers replace what they change."""
        self.as_of = as_of

    def has(self, name: str) -> bool:
        """Whether the case says it."""
        return self.given.get(name) is not None

    def number(self, name: str) -> int:
        """What the case says; 0 where it says nothing, or the set has no such fact."""
        value = self.given.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def less(self, name: str, by: Term) -> None:
        """Lowers a number, where it is known."""
        current = self.values.get(name)
        if isinstance(current, KnownNumber):
            self.values[name] = KnownNumber(current.known, self.terms.difference(current.value, by))

    def more(self, name: str, by: Term) -> None:
        """Raises a number; what is not known counts as 0 once there is something to add."""
        current, terms = self.values.get(name), self.terms
        if isinstance(current, KnownNumber):
            known = terms.any((current.known, terms.below(terms.zero, by)))
            value = terms.choice(current.known, current.value, terms.zero)
            self.values[name] = KnownNumber(known, terms.sum(value, by))

    def at_least_nothing(self, name: str, by: Term) -> None:
        """Lowers a number to 0 at the least."""
        current, terms = self.values.get(name), self.terms
        if isinstance(current, KnownNumber):
            rest = terms.difference(current.value, by)
            self.values[name] = KnownNumber(
                current.known, terms.choice(terms.at_most(rest, terms.zero), terms.zero, rest)
            )

    def nothing_where(self, name: str, condition: Term) -> None:
        """Makes a number 0 where a condition holds."""
        current, terms = self.values.get(name), self.terms
        if isinstance(current, KnownNumber):
            self.values[name] = KnownNumber(
                terms.any((current.known, condition)), terms.choice(condition, terms.zero, current.value)
            )

    def put(self, name: str, value: int | bool) -> None:  # noqa: FBT001  # the value itself
        """Sets a fact that the set has."""
        if name not in self.values:
            return
        terms = self.terms
        if isinstance(value, bool):
            self.values[name] = Truth(terms.proposition(value), terms.proposition(not value))
        else:
            self.values[name] = KnownNumber(terms.true, terms.constant(value))


_GUARANTEE_DAYS = 4_000
"""That a new guarantee runs: longer than any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """Something of which more, or less, may let a case pass."""

    name: str
    title: Text
    fact: str
    """The fact whose new value is told beside how much it takes."""
    is_money: bool
    """Else days."""
    top: Callable[[LeverFacts], int]
    """How much there can be at most, in minor units or days; 0: it can't be used here."""
    change: Callable[[LeverFacts, Term], None]
    """Changes the facts by so much; by 0 it changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Something that is done or not."""

    name: str
    title: Text
    applies: Callable[[LeverFacts], bool]
    change: Callable[[LeverFacts], None]


LIMIT_MOST = 10**15
"""Minor units by which a limit or a security may grow: more than any."""


def _payment(facts: LeverFacts, by: Term) -> None:
    terms, overdue = facts.terms, terms_overdue(facts)
    pays_all = terms.all((terms.below(terms.zero, by), terms.at_most(overdue, by)))
    facts.less("account.open_invoices", by)
    facts.less("account.receivables_total", by)
    facts.less("account.group_exposure", by)
    facts.at_least_nothing("account.overdue_amount", by)
    facts.nothing_where("account.days_overdue_max", pays_all)


def terms_overdue(facts: LeverFacts) -> Term:
    """What is overdue, 0 where that is not known."""
    current = facts.values.get("account.overdue_amount")
    if not isinstance(current, KnownNumber):
        return facts.terms.zero
    return facts.terms.choice(current.known, current.value, facts.terms.zero)


def _can_pay(facts: LeverFacts) -> int:
    """A customer's open items one by one would have to be told which of them are paid; the ledger knows."""
    return 0 if facts.has("account.open_items") else facts.number("account.open_invoices")


def _guarantee(facts: LeverFacts, by: Term) -> None:
    facts.more("account.guarantee_amount", by)
    if not facts.number("account.guarantee_amount"):
        facts.put("account.guarantee_cover", 10**RATE_SCALE)
        facts.put("account.guarantee_until", facts.as_of + _GUARANTEE_DAYS)


def _is_insured(facts: LeverFacts) -> int:
    return LIMIT_MOST if facts.number("account.insured_limit") > 0 else 0


def _is_limited(facts: LeverFacts) -> int:
    limited = facts.given.get("account.limit_status") == "limited" and facts.has("account.credit_limit")
    return LIMIT_MOST if limited else 0


LEVERS: Mapping[str, tuple[Lever, ...]] = {
    "order": (
        Lever(
            name="payment",
            title=Text("payment by the customer", "客户付款"),
            fact="account.open_invoices",
            is_money=True,
            top=_can_pay,
            change=_payment,
        ),
        Lever(
            name="order",
            title=Text("smaller order", "缩减订单"),
            fact="order.amount",
            is_money=True,
            top=lambda facts: facts.number("order.amount") - 1,
            change=lambda facts, by: facts.less("order.amount", by),
        ),
        Lever(
            name="deposit",
            title=Text("deposit for this order", "本单预付款"),
            fact="order.deposit_paid",
            is_money=True,
            top=lambda facts: facts.number("order.amount") - facts.number("order.deposit_paid"),
            change=lambda facts, by: facts.more("order.deposit_paid", by),
        ),
        Lever(
            name="guarantee",
            title=Text("bank guarantee", "银行保函"),
            fact="account.guarantee_amount",
            is_money=True,
            top=lambda _: LIMIT_MOST,
            change=_guarantee,
        ),
        Lever(
            name="insurance",
            title=Text("higher limit of the insurer", "提高买方信用限额"),
            fact="account.insured_limit",
            is_money=True,
            top=_is_insured,
            change=lambda facts, by: facts.more("account.insured_limit", by),
        ),
        Lever(
            name="limit",
            title=Text("higher credit limit", "提高信用额度"),
            fact="account.credit_limit",
            is_money=True,
            top=_is_limited,
            change=lambda facts, by: facts.more("account.credit_limit", by),
        ),
        Lever(
            name="period",
            title=Text("shorter credit period", "缩短账期"),
            fact="order.payment_days",
            is_money=False,
            top=lambda facts: facts.number("order.payment_days"),
            change=lambda facts, by: facts.less("order.payment_days", by),
        ),
    ),
    "limit": (
        Lever(
            name="limit",
            title=Text("smaller limit", "缩减申请额度"),
            fact="limit.amount",
            is_money=True,
            top=lambda facts: facts.number("limit.amount") - 1,
            change=lambda facts, by: facts.less("limit.amount", by),
        ),
    ),
}
"""By kind of case, in the order in which they are tried and shown."""

SWITCHES: Mapping[str, tuple[Switch, ...]] = {
    "order": (
        Switch(
            name="prepayment",
            title=Text("prepayment of the whole order", "改为款到发货"),
            applies=lambda facts: facts.given.get("order.prepayment") is False,
            change=lambda facts: facts.put("order.prepayment", True),  # noqa: FBT003  # the value itself
        ),
        Switch(
            name="assessment",
            title=Text("renewed credit assessment, with the same figures", "更新信用评估（数据不变）"),
            applies=lambda facts: facts.number("account.assessed_on") != facts.as_of,
            change=lambda facts: facts.put("account.assessed_on", facts.as_of),
        ),
    ),
}
"""In the same way."""
