"""Who sells to a customer, now and a short while ago: that person judges no order and no limit of theirs.

The policies know of today's (`account.sales_person`). Whoever was it until lately stays it here for `SOLD_DAYS`, or a
new name in the profile, minutes before, would make them anybody.
"""

from __future__ import annotations

from dataclasses import replace

from engine.vocabulary.persons import person
from ledger.credit.account import Account

SOLD_DAYS = 30
"""As long as a release counts by the policies that ship (`release.valid_days`)."""


def sales_person_of(account: Account) -> str | None:
    """The customer's, as policies compare persons; None where nobody is known."""
    name = account.profile.get("sales_person")
    return person(name) if isinstance(name, str) else None


def with_former_sales_person(account: Account, before: Account, day: int) -> Account:
    """The account with another profile than before, and who was its sales person until today."""
    was = sales_person_of(before)
    if was is None or was == sales_person_of(account):
        return account
    lately = {name: until for name, until in before.sold_by.items() if day - until <= SOLD_DAYS}
    return replace(account, sold_by={**lately, was: day})


def why_own_customer(account: Account, login: str, day: int) -> str | None:
    """What keeps this person from judging for the customer, beside what the policies see; None: nothing does."""
    until = account.sold_by.get(person(login))
    if until is None or day - until > SOLD_DAYS:
        return None
    return f"{login} was the customer's sales person less than {SOLD_DAYS} days ago"
