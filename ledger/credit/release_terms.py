"""What a release covers: the order by the terms that were released, and by better ones; never by worse ones.

How far an order may grow since, the policies say. Of its other facts one that is neither the same nor surely better for
whoever gives the credit is worse, also one that only a site knows.

    released for 30 days:  20 days are covered, 360 days and no days said are not
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ledger.credit.order import NOT_OVER, Order, Release
from ledger.credit.snapshot import Snapshot


def covers(release: Release, order: Order) -> bool:
    """Whether the order asks for nothing worse than what was released, its amount aside."""
    released, asked = release.asked, order.asked
    return all(_is_covered(name, released.get(name), asked.get(name)) for name in {*released, *asked} - {"amount"})


def uncovered(snapshot: Snapshot, order: Order) -> Iterable[Release]:
    """Releases in force or proposed that don't cover the order as it is now."""
    for release in snapshot.of_order(Release, order.id):
        if release.state in NOT_OVER and not covers(release, order):
            yield release


def _is_covered(name: str, released: Any, asked: Any) -> bool:
    if released == asked and type(released) is type(asked):
        return True
    is_no_worse = _NO_WORSE.get(name)
    return is_no_worse is not None and is_no_worse(released, asked)


def _is_paid_first_if_it_was(released: Any, asked: Any) -> bool:
    return asked is True or (released in (None, False) and asked in (None, False))


def _is_no_later_due(released: Any, asked: Any) -> bool:
    return isinstance(released, int) and isinstance(asked, int) and asked <= released


def _is_no_larger(released: Any, asked: Any) -> bool:
    """None is no discount."""
    try:
        return asked is None or (released is not None and Decimal(str(asked)) <= Decimal(str(released)))
    except InvalidOperation:
        return False


def _is_no_later(released: Any, asked: Any) -> bool:
    """Days as text; None is at once."""
    return asked is None or (isinstance(released, str) and isinstance(asked, str) and asked <= released)


_NO_WORSE: Mapping[str, Callable[[Any, Any], bool]] = {
    "prepayment": _is_paid_first_if_it_was,
    "payment_days": _is_no_later_due,
    "discount_rate": _is_no_larger,
    "discount_days": _is_no_larger,
    "delivery_date": _is_no_later,
}
"""Of facts by their names without `order.`, whether the second is no worse than the first."""
