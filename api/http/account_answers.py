"""The shapes of accounts, limits, securities and items as they are answered; for a client's author."""

from __future__ import annotations

from typing import Any

from pydantic import Field, JsonValue

from api.http.answers import DecisionShape, RateShape, Shape
from api.http.item_answers import ItemShape
from api.http.ledger_answers import LedgerShape

_MONEY = "Decimal text in the account's currency."


class AccountShape(Shape):
    """An account as it stands."""

    id: str
    version: int = Field(description="Rises with every change of anything that its facts are made of.")
    currency: str
    name: str | None
    group: str | None
    status: str = Field(description="`active`, `blocked` or `closed`.")
    blocked_since: str | None
    customer_since: str | None
    profile: dict[str, Any]
    open_items: str = Field(description=f"Invoices less credit notes and payments on account. {_MONEY}")
    delivered: str = Field(description=f"Delivered and not yet invoiced. {_MONEY}")
    open_orders: str = Field(description=f"Reserved by approved orders. {_MONEY}")
    deposits: str = Field(description=f"Received for orders and not set off. {_MONEY}")
    disputed: str = Field(description=_MONEY)
    exposure: str = Field(description=f"All of it, before securities. {_MONEY}")


class AccountAnswerShape(Shape):
    """An account, and which version was made of which."""

    account: AccountShape
    ledger: LedgerShape


class AccountsShape(Shape):
    """Accounts in the order of their numbers."""

    accounts: list[AccountShape]
    after: str | None = Field(description="Send it as `after` for the next page; null on the last.")


class GroupShape(Shape):
    """A group as it stands."""

    id: str
    version: int
    currency: str
    limit: str | None
    limit_until: str | None
    insolvent: bool | None
    exposure: str = Field(description="Of all its accounts, before securities.")
    grades: dict[str, str] = Field(description="Of its accounts, by their numbers.")


class GroupLedgerShape(Shape):
    """Which version of a group was made of which."""

    business_date: str
    group_version: int
    group_version_after: int


class GroupAnswerShape(Shape):
    """A group."""

    group: GroupShape
    ledger: GroupLedgerShape


class FiguresShape(Shape):
    """What was found out on a day."""

    account: str
    on: str
    figures: dict[str, Any]
    source: str | None


class FiguresAnswerShape(Shape):
    """Figures as they were recorded."""

    figures: FiguresShape
    ledger: LedgerShape


class CreditLimitShape(Shape):
    """A limit as it stands."""

    account: str
    number: int
    kind: str = Field(description="`limit`, `temporary` or `unlimited`.")
    state: str = Field(description="`requested`, `granted`, `refused` or `ended`.")
    currency: str
    amount: str | None
    from_: str = Field(alias="from")
    until: str | None
    reason: str | None
    basis: str | None
    requested_by: str | None
    granted_on: str | None
    granted_by: str | None
    granted_by_role: str | None
    second_by: str | None
    second_by_role: str | None
    decision: str | None
    taken_over_on: str | None = Field(description="When it came from another system; no policy here judged it.")
    said_granted_by: str | None = Field(description="Who granted it there, by the word of the file alone.")


class JudgedLimitShape(Shape):
    """A limit, and what the policies say of it."""

    limit: CreditLimitShape
    decision: DecisionShape
    ledger: LedgerShape


class LimitAnswerShape(Shape):
    """A limit."""

    limit: CreditLimitShape
    ledger: LedgerShape


class CreditLimitsShape(Shape):
    """All limits of an account, the newest first."""

    limits: list[CreditLimitShape]


class SecurityShape(Shape):
    """A security as it stands."""

    account: str
    id: str
    kind: str
    order: str | None
    currency: str
    amount: str
    cover: str
    from_: str | None = Field(alias="from")
    until: str | None
    stopped_on: str | None
    max_days: int | None
    reference: str | None
    issuer: str | None
    ended_on: str | None


class SecurityAnswerShape(Shape):
    """A security."""

    security: SecurityShape
    ledger: LedgerShape


class SecuritiesShape(Shape):
    """All securities of an account."""

    securities: list[SecurityShape]


class GradeShape(Shape):
    """A grade as it was assigned."""

    account: str
    grade: str
    since: str
    review_on: str | None
    decision: str | None
    assigned_by: str | None


class GradeAnswerShape(Shape):
    """A grade, and the decision that it follows."""

    grade: GradeShape
    decision: DecisionShape | None = Field(default=None, description="Left out of a grade that was taken over.")
    ledger: LedgerShape


class RatesLedgerShape(Shape):
    """When it was recorded."""

    business_date: str


class RatesAnswerShape(Shape):
    """Rates as they were recorded."""

    rates: list[RateShape]
    quote: str = Field(description="The policies' currency.")
    ledger: RatesLedgerShape


class AccountFactShape(Shape):
    """A fact, and where it comes from."""

    name: str
    value: JsonValue
    from_: str = Field(
        alias="from",
        description="`items`, `payments`, `orders`, `limits`, `securities`, `group`, `book`, `grades`, `account`, "
        "`profile` or `figures`.",
    )


class FactsOfAccountShape(Shape):
    """The facts that policies decide on."""

    account: str
    version: int
    as_of: str
    currency: str
    facts: list[AccountFactShape]
    missing: list[str] = Field(description="Facts that nothing is known of.")


class ExposureShape(Shape):
    """What an account owed on a day, from its movements until then."""

    account: str
    on: str
    currency: str
    open_items: str
    delivered: str
    open_orders: str
    deposits: str
    exposure: str


class LedgerEntryShape(Shape):
    """One movement of money."""

    seq: int = Field(description="Place of the record that caused it.")
    number: int
    bucket: str
    amount: str
    effective_on: str
    order: str | None
    item: str | None
    cause: str


class LedgerEntriesShape(Shape):
    """Movements of an account, the newest first."""

    entries: list[LedgerEntryShape]
    before: str | None = Field(description="Send it as `before` for the next page; null on the last.")


class ItemsShape(Shape):
    """Items of an account in the order of their numbers."""

    items: list[ItemShape]
    after: str | None = Field(description="Send it as `after` for the next page; null on the last.")


class AccountEventShape(Shape):
    """Something that happened to an account."""

    on: str
    what: str
    about: str
    amount: str | None
    by: str | None


class TimelineShape(Shape):
    """What happened to an account, the newest first."""

    events: list[AccountEventShape]
